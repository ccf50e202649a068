/* SPDX-License-Identifier: MIT */
/* The rules of zmalloc.h, one after the other. Nothing may be in use in between. */

#include <stdalign.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "rules.h"

static void what_is_allocated_is_counted_and_aligned(void) {
  for (size_t size = 0; size < 70000; size += size < 300 ? 1 : size / 7) {
    char* const block = zmalloc(size);
    EXPECT(block != NULL && is_aligned(block, alignof(max_align_t)));
    EXPECT(zmalloc_used_memory() == zmalloc_size(block));
    EXPECT(zmalloc_size(block) >= zmalloc_usable_size(block));
    EXPECT(zmalloc_usable_size(block) >= size);
    memset(block, 1, zmalloc_usable_size(block));
    zfree(block);
    EXPECT(zmalloc_used_memory() == 0);
  }
}

static void zero_bytes_are_a_real_block(void) {
  void* const one = zmalloc(0);
  void* const two = ztrymalloc(0);
  void* const three = zcalloc(0);
  void* const four = zrealloc(NULL, 0);
  EXPECT(one != NULL && two != NULL && three != NULL && four != NULL && one != two);
  EXPECT(zmalloc_used_memory() >= 4);
  zfree(one);
  zfree(two);
  zfree(three);
  zfree(four);
  zfree(NULL);
  EXPECT(zmalloc_size(NULL) == 0);
  EXPECT(zmalloc_usable_size(NULL) == 0);
}

static void usable_bytes_may_be_written(void) {
  for (size_t size = 0; size < 40000; size = size * 2 + 1) {
    size_t usable = 1;
    char* block = zmalloc_usable(size, &usable);
    EXPECT(usable >= size && usable == zmalloc_usable_size(block));
    memset(block, 7, usable);
    block = zrealloc_usable(block, 3 * size + 1, &usable);
    EXPECT(usable >= 3 * size + 1 && usable == zmalloc_usable_size(block));
    EXPECT(holds(block, 7, size));
    memset(block, 7, usable);
    size_t freed = 0;
    zfree_usable(block, &freed);
    EXPECT(freed == usable);

    block = zcalloc_usable(size, &usable);
    EXPECT(usable >= size && holds(block, 0, size));
    memset(block, 7, usable);
    zfree_with_size(block, usable);

    block = ztrymalloc_usable(size, NULL);
    memset(extend_to_usable(block, zmalloc_usable_size(block)), 7, zmalloc_usable_size(block));
    zfree(block);
    block = ztrycalloc_usable(size, &usable);
    EXPECT(holds(block, 0, size));
    zfree_usable(block, NULL);
  }
  size_t usable = 1;
  zfree_usable(NULL, &usable);
  EXPECT(usable == 0);
  EXPECT(zmalloc_used_memory() == 0);
}

static void zeroed_blocks_are_zeroed_also_where_memory_was_used(void) {
  for (size_t size = 1; size < 100000; size = size * 3 + 1) {
    char* block = zmalloc(size);
    memset(block, 1, size);
    zfree(block);
    block = zcalloc(size);
    EXPECT(holds(block, 0, size));
    memset(block, 1, size);
    zfree(block);
    block = zcalloc_num(3, size);
    EXPECT(holds(block, 0, 3 * size));
    zfree(block);
  }
}

static void reallocating_keeps_the_contents(void) {
  char* block = NULL;
  size_t before = 0;
  for (size_t step = 0; step < 400; ++step) {
    const size_t size = 1 + step * step * 7919 % (step % 5 == 0 ? 3000000 : 20000);
    block = zrealloc(block, size);
    EXPECT(block != NULL && zmalloc_used_memory() == zmalloc_size(block));
    EXPECT(holds(block, 3, before < size ? before : size));
    memset(block, 3, size);
    before = size;
  }
  EXPECT(zrealloc(block, 0) == NULL && zmalloc_used_memory() == 0 && failures == 0);
  size_t usable = 1;
  EXPECT(zrealloc_usable(zmalloc(5), 0, &usable) == NULL && usable == 0 && failures == 0);
  EXPECT(ztryrealloc(ztrymalloc(5), 0) == NULL);
  EXPECT(zmalloc_used_memory() == 0);
}

static void aligned_blocks_are_freed_as_all_others(void) {
  for (size_t alignment = 1; alignment <= 1 << 16; alignment *= 2) {
    for (size_t size = 0; size < 100000; size = size * 3 + 1) {
      char* block = zmalloc_aligned(alignment, size);
      EXPECT(is_aligned(block, alignment));
      EXPECT(zmalloc_usable_size(block) >= size && zmalloc_used_memory() == zmalloc_size(block));
      memset(block, 2, zmalloc_usable_size(block));
      if (size % 2 == 0) block = zrealloc(block, 2 * size + 1);
      EXPECT(holds(block, 2, size) && zmalloc_used_memory() == zmalloc_size(block));
      zfree(block);
      EXPECT(zmalloc_used_memory() == 0);
    }
  }
  void* const line = zmalloc_cache_aligned(1);
  EXPECT(is_aligned(line, 64) && zmalloc_usable_size(line) >= 64);
  zfree_with_size(line, zmalloc_usable_size(line));
  expect_failure(zmalloc_aligned(48, 10), 10);
  expect_failure(zmalloc_aligned(0, 10), 10);
}

static void blocks_past_the_cache_are_blocks(void) {
  void* const one = zmalloc_no_tcache(200);
  void* const two = zmalloc_no_tcache(100000);
  void* const three = zmalloc(300);
  EXPECT(zmalloc_used_memory() == zmalloc_size(one) + zmalloc_size(two) + zmalloc_size(three));
  zfree(one);
  zfree_no_tcache(two);
  zfree_no_tcache(three);
  zfree_no_tcache(NULL);
  EXPECT(zmalloc_used_memory() == 0);
}

static void the_peak_is_the_most_that_was_in_use(void) {
  const size_t before = zmalloc_get_peak_memory();
  const size_t size = 2 * before + 1000000;
  void* const block = zmalloc(size);
  const size_t charged = zmalloc_size(block);
  zfree(block);
  EXPECT(zmalloc_get_peak_memory() == charged);
}

static void strings_are_copied(void) {
  char* const copy = zstrdup("a string");
  char* const empty = zstrdup("");
  EXPECT(strcmp(copy, "a string") == 0 && strcmp(empty, "") == 0);
  EXPECT(zmalloc_used_memory() == zmalloc_size(copy) + zmalloc_size(empty));
  zfree(copy);
  zfree(empty);
}

static void pages_of_a_block_can_be_given_back(void) {
  const size_t size = 1 << 20;
  char* const block = zmalloc(size);
  memset(block, 9, size);
  zmadvise_dontneed(block);
  EXPECT(zmalloc_used_memory() == zmalloc_size(block));
  /* Only whole pages go: the ends and the neighbours stay. */
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  const uintptr_t start = (uintptr_t)block;
  const uintptr_t first = (start + page - 1) / page * page;
  const uintptr_t end = (start + zmalloc_usable_size(block)) / page * page;
  for (uintptr_t at = start; at < start + size; ++at) {
    EXPECT(block[at - start] == (first <= at && at < end ? 0 : 9));
  }
  memset(block, 9, size);
  zfree(block);
  void* const small = zmalloc(10);
  zmadvise_dontneed(small);
  zmadvise_dontneed(NULL);
  zfree(small);
}

static void figures_of_the_system_are_there(void) {
  size_t allocated = 1;
  size_t active = 1;
  size_t resident = 1;
  EXPECT(zmalloc_get_allocator_info(&allocated, &active, &resident) == 1);
  EXPECT(zmalloc_get_allocator_info(NULL, NULL, NULL) == 1);
  EXPECT(zmalloc_get_rss() > 100000 && zmalloc_get_memory_size() > zmalloc_get_rss());
  EXPECT(strncmp(ZMALLOC_LIB, getenv("ZPMR_MALLOC"), strlen(getenv("ZPMR_MALLOC"))) == 0);
  set_jemalloc_bg_thread(0);
  EXPECT(jemalloc_purge() == 0);

  EXPECT(zmalloc_get_smap_bytes_by_field("NoSuchField:", -1) == 0);
  EXPECT(zmalloc_get_smap_bytes_by_field("Rss:", 999999999) == 0);
  if (access("/proc/self/smaps", R_OK) == 0) {
    EXPECT(zmalloc_get_smap_bytes_by_field("Rss:", -1) > 100000);
    EXPECT(zmalloc_get_smap_bytes_by_field("Rss:", getpid()) > 100000);
    EXPECT(zmalloc_get_private_dirty(-1) > 4096 && zmalloc_get_private_dirty(getpid()) > 4096);
  }
  long long value = 0;
  if (access("/proc/self/stat", R_OK) == 0) {
    EXPECT(get_proc_stat_ll(4, &value) == 1 && value == getppid());
    EXPECT(prctl(PR_SET_NAME, "a) 1 (b") == 0);
    EXPECT(get_proc_stat_ll(4, &value) == 1 && value == getppid());
  }
  EXPECT(get_proc_stat_ll(2, &value) == 0 && get_proc_stat_ll(9999, &value) == 0);
  zlibc_free(strdup("of the C library"));
}

int main(void) {
  zmalloc_set_oom_handler(note_failure);
  EXPECT(zmalloc_used_memory() == 0 && zmalloc_get_peak_memory() == 0);
  what_is_allocated_is_counted_and_aligned();
  zero_bytes_are_a_real_block();
  usable_bytes_may_be_written();
  zeroed_blocks_are_zeroed_also_where_memory_was_used();
  reallocating_keeps_the_contents();
  aligned_blocks_are_freed_as_all_others();
  blocks_past_the_cache_are_blocks();
  the_peak_is_the_most_that_was_in_use();
  strings_are_copied();
  pages_of_a_block_can_be_given_back();
  figures_of_the_system_are_there();
  EXPECT(zmalloc_used_memory() == 0 && failures == 0);
  return EXIT_SUCCESS;
}
