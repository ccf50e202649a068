/* SPDX-License-Identifier: MIT */
/* What the tests of the rules share: blocks to look at, and failures to expect. */
#ifndef ZPMR_TEST_RULES_H
#define ZPMR_TEST_RULES_H

#include <stdint.h>
#include <zpmr/zmalloc.h>

#include "expect.h"

static size_t failed_size;
static int failures;

static inline void note_failure(size_t size) {
  failed_size = size;
  ++failures;
}

static inline void expect_failure(const void* block, size_t size) {
  EXPECT(block == NULL);
  EXPECT(failures == 1 && failed_size == size);
  failures = 0;
}

static inline int is_aligned(const void* block, size_t alignment) {
  return (uintptr_t)block % alignment == 0;
}

static inline int holds(const char* block, char value, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (block[i] != value) return 0;
  }
  return 1;
}

#endif
