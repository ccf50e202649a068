/* SPDX-License-Identifier: MIT */
/* The rules for requests that fail, one after the other. Nothing may be in use in between. */

#include <setjmp.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rules.h"

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
  EXPECT(ztryrealloc(NULL, 0) == NULL && failures == 0);
  expect_failure(zrealloc(NULL, 0), 0);
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

int main(void) {
  zmalloc_set_oom_handler(note_failure);
  EXPECT(zmalloc_used_memory() == 0 && zmalloc_get_peak_memory() == 0);
  counts_times_sizes_may_be_zero_but_not_too_large();
  impossible_sizes_fail_and_leave_all_as_it_was();
  a_limit_is_exact_and_refusals_go_the_way_of_failures();
  a_block_can_be_made_smaller_at_the_limit();
  the_handler_may_jump();
  without_a_handler_the_size_is_printed_and_the_program_aborts();
  EXPECT(zmalloc_used_memory() == 0 && failures == 0);
  return EXIT_SUCCESS;
}
