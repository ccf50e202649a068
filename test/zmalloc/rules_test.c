/* SPDX-License-Identifier: MIT */
/* The rules of zmalloc.h, one after the other. Nothing may be in use in between. */

#include <setjmp.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zpmr/zmalloc.h>

#include "expect.h"

static size_t failed_size;
static int failures;

static void note_failure(size_t size) {
  failed_size = size;
  ++failures;
}

static void expect_failure(const void* block, size_t size) {
  EXPECT(block == NULL);
  EXPECT(failures == 1 && failed_size == size);
  failures = 0;
}

static int is_aligned(const void* block, size_t alignment) {
  return (uintptr_t)block % alignment == 0;
}

static int holds(const char* block, char value, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (block[i] != value) return 0;
  }
  return 1;
}

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

static void counts_times_sizes_may_be_zero_but_not_too_large(void) {
  void* const none = zcalloc_num(0, 8);
  void* const empty = zcalloc_num(8, 0);
  EXPECT(none != NULL && empty != NULL && failures == 0);
  zfree(none);
  zfree(empty);
  const volatile size_t half = SIZE_MAX / 2 + 1; /* what it knows, the compiler warns of */
  expect_failure(zcalloc_num(half, 2), SIZE_MAX);
  expect_failure(zcalloc_num(half, half), SIZE_MAX);
}

static void impossible_sizes_fail_and_leave_all_as_it_was(void) {
  size_t usable = 1;
  char* const block = zmalloc(100);
  memset(block, 5, 100);
  const size_t used = zmalloc_used_memory();
  for (volatile size_t size = SIZE_MAX / 2;; size = size < SIZE_MAX - 9 ? SIZE_MAX - 9 : size + 1) {
    expect_failure(zmalloc(size), size);
    expect_failure(zcalloc(size), size);
    expect_failure(zrealloc(block, size), size);
    expect_failure(zrealloc(NULL, size), size);
    expect_failure(zmalloc_usable(size, &usable), size);
    EXPECT(usable == 0);
    expect_failure(zcalloc_usable(size, &usable), size);
    expect_failure(zrealloc_usable(block, size, &usable), size);
    expect_failure(zmalloc_no_tcache(size), size);
    expect_failure(zmalloc_aligned(64, size), size);
    expect_failure(zmalloc_cache_aligned(size), size);
    EXPECT(ztrymalloc(size) == NULL && ztrycalloc(size) == NULL);
    EXPECT(ztryrealloc(block, size) == NULL && ztryrealloc(NULL, size) == NULL);
    usable = 1;
    EXPECT(ztryrealloc_usable(block, size, &usable) == NULL && usable == 0);
    usable = 1;
    EXPECT(ztrymalloc_usable(size, &usable) == NULL && usable == 0);
    EXPECT(failures == 0 && zmalloc_used_memory() == used && holds(block, 5, 100));
    if (size == SIZE_MAX) break;
  }
  zfree(block);
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

static void a_limit_is_exact_and_refusals_go_the_way_of_failures(void) {
  char* const block = zmalloc(10000);
  const size_t used = zmalloc_used_memory();
  zmalloc_set_limit(used + 5000);
  EXPECT(ztrymalloc(5001) == NULL && failures == 0);
  expect_failure(zmalloc(6000), 6000);
  expect_failure(zcalloc(6000), 6000);
  memset(block, 4, 10000);
  EXPECT(ztryrealloc(block, 40000) == NULL && holds(block, 4, 10000));
  expect_failure(zrealloc(block, 40000), 40000);
  EXPECT(holds(block, 4, 10000) && zmalloc_used_memory() == used);

  void* blocks[1000];
  size_t count = 0;
  while ((blocks[count] = ztrymalloc(64)) != NULL) ++count;
  EXPECT(count > 40 && zmalloc_used_memory() <= used + 5000);
  EXPECT(zmalloc_used_memory() + 64 + 16 > used + 5000);
  zmalloc_set_limit(used);
  EXPECT(ztrymalloc(1) == NULL);
  while (count > 0) zfree(blocks[--count]);
  EXPECT(ztrymalloc(1) == NULL && zmalloc_used_memory() == used);
  zmalloc_set_limit(SIZE_MAX);
  zfree(block);
  zmalloc_set_limit(0);
  EXPECT(ztrymalloc(0) == NULL && ztrymalloc_usable(0, NULL) == NULL);
  zmalloc_set_limit(SIZE_MAX);
  EXPECT(failures == 0);
}

static void a_block_can_be_made_smaller_at_the_limit(void) {
  for (size_t size = 200; size < 300000; size *= 3) {
    char* block = zmalloc(size);
    memset(block, 6, size);
    zmalloc_set_limit(zmalloc_used_memory());
    block = zrealloc(block, size / 3);
    EXPECT(block != NULL && holds(block, 6, size / 3));
    EXPECT(zmalloc_used_memory() == zmalloc_size(block));
    zmalloc_set_limit(SIZE_MAX);
    zfree(block);
  }
}

static void the_peak_is_the_most_that_was_in_use(void) {
  const size_t before = zmalloc_get_peak_memory();
  const size_t size = 2 * before + 1000000;
  void* const block = zmalloc(size);
  const size_t charged = zmalloc_size(block);
  zfree(block);
  EXPECT(zmalloc_get_peak_memory() == charged);
}

static jmp_buf before_failure;
static void leave(size_t size) {
  failed_size = size;
  longjmp(before_failure, 1);
}

static void the_handler_may_jump(void) {
  zmalloc_set_oom_handler(leave);
  if (setjmp(before_failure) == 0) {
    zfree(zmalloc(SIZE_MAX));
    EXPECT(0 && "reached");
  }
  EXPECT(failed_size == SIZE_MAX);
  zmalloc_set_oom_handler(note_failure);
  void* const block = zmalloc(10);
  zfree(block);
}

static void without_a_handler_the_size_is_printed_and_the_program_aborts(void) {
  int ends[2];
  EXPECT(pipe(ends) == 0);
  const pid_t child = fork();
  EXPECT(child >= 0);
  if (child == 0) {
    EXPECT(dup2(ends[1], STDERR_FILENO) == STDERR_FILENO);
    zmalloc_set_oom_handler(NULL);
    zfree(zmalloc(SIZE_MAX - 1));
    _exit(0);
  }
  close(ends[1]);
  char said[200] = "";
  size_t length = 0;
  for (ssize_t got; (got = read(ends[0], said + length, sizeof said - 1 - length)) > 0;) {
    length += (size_t)got;
  }
  close(ends[0]);
  int status = 0;
  EXPECT(waitpid(child, &status, 0) == child);
  EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
  char expected[200];
  snprintf(expected, sizeof expected, "zmalloc: Out of memory trying to allocate %zu bytes\n",
           SIZE_MAX - 1);
  EXPECT(strcmp(said, expected) == 0);
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
  EXPECT(block[size / 2] == 0);
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
  counts_times_sizes_may_be_zero_but_not_too_large();
  impossible_sizes_fail_and_leave_all_as_it_was();
  reallocating_keeps_the_contents();
  aligned_blocks_are_freed_as_all_others();
  blocks_past_the_cache_are_blocks();
  a_limit_is_exact_and_refusals_go_the_way_of_failures();
  a_block_can_be_made_smaller_at_the_limit();
  the_peak_is_the_most_that_was_in_use();
  the_handler_may_jump();
  without_a_handler_the_size_is_printed_and_the_program_aborts();
  strings_are_copied();
  pages_of_a_block_can_be_given_back();
  figures_of_the_system_are_there();
  EXPECT(zmalloc_used_memory() == 0 && failures == 0);
  return EXIT_SUCCESS;
}
