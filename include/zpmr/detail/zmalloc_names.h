/* SPDX-License-Identifier: MIT */
#ifndef ZPMR_DETAIL_ZMALLOC_NAMES_H
#define ZPMR_DETAIL_ZMALLOC_NAMES_H

#include <zpmr/zmalloc_config.h>

/** \file
 * Where zpmr was built with a prefix, every function of zmalloc.h has it, and sources stay as they
 * are: these names stand for the longer ones. */

#ifdef ZPMR_ZMALLOC_PREFIX

#define ZPMR_ZMALLOC_JOIN(prefix, name) prefix##name
#define ZPMR_ZMALLOC_WITH(prefix, name) ZPMR_ZMALLOC_JOIN(prefix, name)
#define ZPMR_ZMALLOC_NAME(name) ZPMR_ZMALLOC_WITH(ZPMR_ZMALLOC_PREFIX, name)

#define extend_to_usable ZPMR_ZMALLOC_NAME(extend_to_usable)
#define get_proc_stat_ll ZPMR_ZMALLOC_NAME(get_proc_stat_ll)
#define jemalloc_purge ZPMR_ZMALLOC_NAME(jemalloc_purge)
#define set_jemalloc_bg_thread ZPMR_ZMALLOC_NAME(set_jemalloc_bg_thread)
#define zcalloc ZPMR_ZMALLOC_NAME(zcalloc)
#define zcalloc_num ZPMR_ZMALLOC_NAME(zcalloc_num)
#define zcalloc_usable ZPMR_ZMALLOC_NAME(zcalloc_usable)
#define zfree ZPMR_ZMALLOC_NAME(zfree)
#define zfree_no_tcache ZPMR_ZMALLOC_NAME(zfree_no_tcache)
#define zfree_usable ZPMR_ZMALLOC_NAME(zfree_usable)
#define zfree_with_size ZPMR_ZMALLOC_NAME(zfree_with_size)
#define zlibc_free ZPMR_ZMALLOC_NAME(zlibc_free)
#define zmadvise_dontneed ZPMR_ZMALLOC_NAME(zmadvise_dontneed)
#define zmalloc ZPMR_ZMALLOC_NAME(zmalloc)
#define zmalloc_aligned ZPMR_ZMALLOC_NAME(zmalloc_aligned)
#define zmalloc_cache_aligned ZPMR_ZMALLOC_NAME(zmalloc_cache_aligned)
#define zmalloc_get_allocator_info ZPMR_ZMALLOC_NAME(zmalloc_get_allocator_info)
#define zmalloc_get_memory_size ZPMR_ZMALLOC_NAME(zmalloc_get_memory_size)
#define zmalloc_get_peak_memory ZPMR_ZMALLOC_NAME(zmalloc_get_peak_memory)
#define zmalloc_get_private_dirty ZPMR_ZMALLOC_NAME(zmalloc_get_private_dirty)
#define zmalloc_get_rss ZPMR_ZMALLOC_NAME(zmalloc_get_rss)
#define zmalloc_get_smap_bytes_by_field ZPMR_ZMALLOC_NAME(zmalloc_get_smap_bytes_by_field)
#define zmalloc_lib ZPMR_ZMALLOC_NAME(zmalloc_lib)
#define zmalloc_no_tcache ZPMR_ZMALLOC_NAME(zmalloc_no_tcache)
#define zmalloc_set_limit ZPMR_ZMALLOC_NAME(zmalloc_set_limit)
#define zmalloc_set_oom_handler ZPMR_ZMALLOC_NAME(zmalloc_set_oom_handler)
#define zmalloc_size ZPMR_ZMALLOC_NAME(zmalloc_size)
#define zmalloc_usable ZPMR_ZMALLOC_NAME(zmalloc_usable)
#define zmalloc_usable_size ZPMR_ZMALLOC_NAME(zmalloc_usable_size)
#define zmalloc_used_memory ZPMR_ZMALLOC_NAME(zmalloc_used_memory)
#define zrealloc ZPMR_ZMALLOC_NAME(zrealloc)
#define zrealloc_usable ZPMR_ZMALLOC_NAME(zrealloc_usable)
#define zstrdup ZPMR_ZMALLOC_NAME(zstrdup)
#define ztrycalloc ZPMR_ZMALLOC_NAME(ztrycalloc)
#define ztrycalloc_usable ZPMR_ZMALLOC_NAME(ztrycalloc_usable)
#define ztrymalloc ZPMR_ZMALLOC_NAME(ztrymalloc)
#define ztrymalloc_usable ZPMR_ZMALLOC_NAME(ztrymalloc_usable)
#define ztryrealloc ZPMR_ZMALLOC_NAME(ztryrealloc)
#define ztryrealloc_usable ZPMR_ZMALLOC_NAME(ztryrealloc_usable)

#endif

#endif
