/* SPDX-License-Identifier: MIT */
#ifndef ZPMR_TEST_EXPECT_H
#define ZPMR_TEST_EXPECT_H

#include <stdio.h>
#include <stdlib.h>

/** Ends the program where the condition does not hold. */
#define EXPECT(condition)                                                            \
  do {                                                                               \
    if (!(condition)) {                                                              \
      fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      exit(EXIT_FAILURE);                                                            \
    }                                                                                \
  } while (0)

#endif
