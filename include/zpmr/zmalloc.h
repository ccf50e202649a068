/* SPDX-License-Identifier: MIT */
#ifndef ZPMR_ZMALLOC_H
#define ZPMR_ZMALLOC_H

#include <stddef.h>
#include <zpmr/detail/zmalloc_names.h>

/** \file
 * Redis's allocation interface, for C11 and C++: the functions of Redis 7's zmalloc.h with the same
 * names and the same meaning, on the allocator that `zpmr::default_allocator()` gives, counted by
 * one tracker, with an exact limit. Link `zpmr::zmalloc`. docs/zmalloc.md tells how to move to it.
 *
 * Thread safety: every function may be called from any thread, also before `main`, after it and in
 * the child of a fork, and none from a signal handler.
 *
 * \snippet string_cache.c example
 *
 * What holds for all of them:
 * - A block is charged with what the allocator sets aside for it: before it is allocated, but a
 *   large one only as soon as it is there if there is no limit. As a free does not know what was
 *   requested, requested bytes are counted as usable ones.
 * - A request fails where there is no memory, where its size is SIZE_MAX/2 or more, and where it
 *   would pass a limit. The tracker's policy, if it has one, is asked first; one that throws is
 *   taken to refuse, as no exception leaves these functions. Under a limit a request that finds no
 *   memory may raise the peak, no further than the limit.
 * - A failed `ztry...` returns NULL. The others call the handler for want of memory, and return
 *   NULL if that returns.
 * - Blocks are aligned for `max_align_t`. Zero bytes give a real block. NULL may be freed.
 *
 * Where it differs from Redis: a failed `ztryrealloc` leaves the old block as it was, whatever the
 * size; `zcalloc_num` of zero bytes does not fail; the used memory never dips while a block is
 * reallocated in place; the functions that Redis has on some allocators only are always there.
 */

/** Tells that the size of a block is known, and which library gives the blocks ("jemalloc-5.3.0").
 */
#define HAVE_MALLOC_SIZE 1
#define ZMALLOC_LIB (zmalloc_lib())

#ifdef __cplusplus
#define ZPMR_NOTHROW noexcept
extern "C" {
#elif defined(__GNUC__)
#define ZPMR_NOTHROW __attribute__((nothrow))
#else
#define ZPMR_NOTHROW
#endif
#ifdef __GNUC__
#define ZPMR_NEW_BLOCK __attribute__((malloc))
#else
#define ZPMR_NEW_BLOCK
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

/* No function but extend_to_usable has the attribute alloc_size: a block may be written to up to
 * its zmalloc_usable_size, and a compiler that checks object sizes would stop the program there. */

/** Returns: a block of `size` bytes; zeroed, with `calloc` in the name. */
ZPMR_NEW_BLOCK void* zmalloc(size_t size) ZPMR_NOTHROW;
ZPMR_NEW_BLOCK void* zcalloc(size_t size) ZPMR_NOTHROW;
ZPMR_NEW_BLOCK void* ztrymalloc(size_t size) ZPMR_NOTHROW;
ZPMR_NEW_BLOCK void* ztrycalloc(size_t size) ZPMR_NOTHROW;
/** Returns: a zeroed block of `count * size` bytes. It fails, for SIZE_MAX, if they are too many.
 */
ZPMR_NEW_BLOCK void* zcalloc_num(size_t count, size_t size) ZPMR_NOTHROW;
/** Returns: a block that starts at a cache line. The size is rounded up to whole lines. */
ZPMR_NEW_BLOCK void* zmalloc_cache_aligned(size_t size) ZPMR_NOTHROW;
/** Returns: a block aligned so, for `zfree`. Fails if `alignment` is no power of two. */
ZPMR_NEW_BLOCK void* zmalloc_aligned(size_t alignment, size_t size) ZPMR_NOTHROW;
/** Returns: a copy of the string. */
ZPMR_NEW_BLOCK char* zstrdup(const char* string) ZPMR_NOTHROW;

/** Effects: makes the block as large as `size`, keeps its contents, and may move it; the alignment
 * is `max_align_t`'s afterwards. `size` 0 frees it; no block gives a new one. One that is made
 * smaller may keep its size: where the smaller one would need a move for which there is no room,
 * and on tcmalloc unless more than half of it would go. Where it moves, both blocks are charged
 * until the old one is free.
 * Returns: where it is now; NULL if it was freed. If it fails, the old block is as it was. */
void* zrealloc(void* block, size_t size) ZPMR_NOTHROW;
void* ztryrealloc(void* block, size_t size) ZPMR_NOTHROW;

/** The same, and `*usable`, if `usable` is not NULL, is set to the bytes that may be written, 0
 * where there is no block. */
ZPMR_NEW_BLOCK void* zmalloc_usable(size_t size, size_t* usable) ZPMR_NOTHROW;
ZPMR_NEW_BLOCK void* zcalloc_usable(size_t size, size_t* usable) ZPMR_NOTHROW;
ZPMR_NEW_BLOCK void* ztrymalloc_usable(size_t size, size_t* usable) ZPMR_NOTHROW;
ZPMR_NEW_BLOCK void* ztrycalloc_usable(size_t size, size_t* usable) ZPMR_NOTHROW;
void* zrealloc_usable(void* block, size_t size, size_t* usable) ZPMR_NOTHROW;
void* ztryrealloc_usable(void* block, size_t size, size_t* usable) ZPMR_NOTHROW;

/** Effects: frees the block, if there is one. `*usable` is set as above. */
void zfree(void* block) ZPMR_NOTHROW;
void zfree_usable(void* block, size_t* usable) ZPMR_NOTHROW;
/** The same without asking the allocator. Preconditions: `usable` is the block's
 * `zmalloc_usable_size`, as the `_usable` functions have told it. */
void zfree_with_size(void* block, size_t usable) ZPMR_NOTHROW;

/** Allocate and free past jemalloc's cache of the thread, as moving blocks to less fragmented pages
 * needs it. As `zmalloc` and `zfree` on other allocators; either frees what either allocated. */
ZPMR_NEW_BLOCK void* zmalloc_no_tcache(size_t size) ZPMR_NOTHROW;
void zfree_no_tcache(void* block) ZPMR_NOTHROW;

/** Returns: the bytes that the block is charged, and those that may be written; 0 for NULL. */
size_t zmalloc_size(void* block) ZPMR_NOTHROW;
size_t zmalloc_usable_size(void* block) ZPMR_NOTHROW;
/** Returns: `block`, of which the compiler knows now that `size` bytes are usable. */
#ifdef __GNUC__
__attribute__((alloc_size(2), noinline))
#endif
void *extend_to_usable(void *block, size_t size) ZPMR_NOTHROW;

/** Returns: the bytes charged now, and the most that ever were. */
size_t zmalloc_used_memory(void) ZPMR_NOTHROW;
size_t zmalloc_get_peak_memory(void) ZPMR_NOTHROW;
/** Effects: from now on no request passes that many bytes in use; if more are, all are refused
 * until enough is freed. SIZE_MAX is no limit, 0 is zero. At the start there is none. */
void zmalloc_set_limit(size_t bytes) ZPMR_NOTHROW;
/** Effects: `handler` is called with the size where a request fails that must not; NULL stands for
 * the default, which prints the size on stderr and aborts. No lock is held meanwhile, so it may
 * leave by longjmp; one that throws ends the program. */
void zmalloc_set_oom_handler(void (*handler)(size_t size)) ZPMR_NOTHROW;

/** Returns: name and version of the allocator in use. */
const char* zmalloc_lib(void) ZPMR_NOTHROW;
/** Effects: tells what the allocator says of itself, in bytes; 0 for what it cannot tell.
 * Returns: 1. */
int zmalloc_get_allocator_info(size_t* allocated, size_t* active, size_t* resident) ZPMR_NOTHROW;
/** Effects: starts or stops jemalloc's background threads; nothing on other allocators. */
void set_jemalloc_bg_thread(int enable) ZPMR_NOTHROW;
/** Effects: has jemalloc give all free pages back; nothing on other allocators. Returns: 0. */
int jemalloc_purge(void) ZPMR_NOTHROW;
/** Effects: gives the whole pages of the block back to the system; its contents are lost. */
void zmadvise_dontneed(void* block) ZPMR_NOTHROW;

/** Returns: figures of the system in bytes, 0 where it cannot tell: what is resident (by a fast
 * counter, which may lag by some pages for each thread), the memory of the machine, the sum of one
 * field of `/proc/<pid>/smaps`, as "Rss:". `pid` -1 is this process. */
size_t zmalloc_get_rss(void) ZPMR_NOTHROW;
size_t zmalloc_get_memory_size(void) ZPMR_NOTHROW;
size_t zmalloc_get_private_dirty(long pid) ZPMR_NOTHROW;
size_t zmalloc_get_smap_bytes_by_field(const char* field, long pid) ZPMR_NOTHROW;
/** Effects: sets `*value` to the field of `/proc/self/stat` with that number, as proc(5) counts.
 * Returns: 1, or 0 if there is none. */
int get_proc_stat_ll(int field, long long* value) ZPMR_NOTHROW;

/** Effects: the C library's `free`, for what its functions have allocated. */
void zlibc_free(void* block) ZPMR_NOTHROW;

ZPMR_ZMALLOC_PREFIXED_NAMES

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#undef ZPMR_NEW_BLOCK
#undef ZPMR_NOTHROW

#endif
