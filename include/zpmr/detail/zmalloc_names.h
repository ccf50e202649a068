/* SPDX-License-Identifier: MIT */
#ifndef ZPMR_DETAIL_ZMALLOC_NAMES_H
#define ZPMR_DETAIL_ZMALLOC_NAMES_H

#include <zpmr/zmalloc_config.h>

/** \file
 * Where zpmr was built with a prefix, the symbol of every function of zmalloc.h has it, and sources
 * stay as they are. Only functions are renamed, not words, as a macro would: what else has such a
 * name, like zfree in zlib's z_stream, keeps it, whichever header is included first. */

#ifdef ZPMR_ZMALLOC_PREFIX

#define ZPMR_ZMALLOC_NAMES(each)                                                                   \
  each(extend_to_usable) each(get_proc_stat_ll) each(jemalloc_purge) each(set_jemalloc_bg_thread)  \
      each(zcalloc) each(zcalloc_num) each(zcalloc_usable) each(zfree) each(zfree_no_tcache)       \
          each(zfree_usable) each(zfree_with_size) each(zlibc_free) each(zmadvise_dontneed)        \
              each(zmalloc) each(zmalloc_aligned) each(zmalloc_cache_aligned)                      \
                  each(zmalloc_get_allocator_info) each(zmalloc_get_memory_size)                   \
                      each(zmalloc_get_peak_memory) each(zmalloc_get_private_dirty)                \
                          each(zmalloc_get_rss) each(zmalloc_get_smap_bytes_by_field)              \
                              each(zmalloc_lib) each(zmalloc_no_tcache) each(zmalloc_set_limit)    \
                                  each(zmalloc_set_oom_handler) each(zmalloc_size)                 \
                                      each(zmalloc_usable) each(zmalloc_usable_size)               \
                                          each(zmalloc_used_memory) each(zrealloc)                 \
                                              each(zrealloc_usable) each(zstrdup) each(ztrycalloc) \
                                                  each(ztrycalloc_usable) each(ztrymalloc)         \
                                                      each(ztrymalloc_usable) each(ztryrealloc)    \
                                                          each(ztryrealloc_usable)

#define ZPMR_ZMALLOC_JOIN(prefix, name) prefix##name
#define ZPMR_ZMALLOC_WITH(prefix, name) ZPMR_ZMALLOC_JOIN(prefix, name)
#define ZPMR_ZMALLOC_PRAGMA(text) _Pragma(#text)
#define ZPMR_ZMALLOC_REDEFINE(name, symbol) ZPMR_ZMALLOC_PRAGMA(redefine_extname name symbol)
#define ZPMR_ZMALLOC_RENAME(name) \
  ZPMR_ZMALLOC_REDEFINE(name, ZPMR_ZMALLOC_WITH(ZPMR_ZMALLOC_PREFIX, name))

ZPMR_ZMALLOC_NAMES(ZPMR_ZMALLOC_RENAME)

/* The functions can be called by their longer names too. */
#define ZPMR_ZMALLOC_DECLARE(name) \
  extern __typeof__(name) ZPMR_ZMALLOC_WITH(ZPMR_ZMALLOC_PREFIX, name);
#define ZPMR_ZMALLOC_PREFIXED_NAMES ZPMR_ZMALLOC_NAMES(ZPMR_ZMALLOC_DECLARE)

#else
#define ZPMR_ZMALLOC_PREFIXED_NAMES
#endif

#endif
