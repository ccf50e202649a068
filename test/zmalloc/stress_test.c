/* SPDX-License-Identifier: MIT */
/* Threads that allocate, reallocate and free blocks of each other, below a limit, while others
 * fork. */

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zpmr/zmalloc.h>

#include "expect.h"

enum { threads = 4, places = 512, rounds = 40000, limit = 8 << 20 };
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { forks = 0 }; /* their malloc may keep a lock in the child of threads that allocate */
#else
enum { forks = 20 };
#endif

/* Blocks are put here by one thread and taken by another. */
static _Atomic(void*) shared[places];

static uint32_t next_random(uint32_t* state) {
  *state = *state * 1664525U + 1013904223U;
  return *state >> 8;
}

/* Each block begins and ends with its size: a block that is overwritten shows. */
static void mark(char* block, size_t size) {
  memcpy(block, &size, sizeof size);
  memset(block + sizeof size, (int)(size % 251), size - sizeof size);
}

static void check(char* block) {
  size_t size;
  memcpy(&size, block, sizeof size);
  EXPECT(size >= sizeof size && size <= zmalloc_usable_size(block));
  for (size_t i = sizeof size; i < size; i += 1 + size / 16) {
    EXPECT((unsigned char)block[i] == size % 251);
  }
}

static void* churn(void* seed) {
  uint32_t state = (uint32_t)(uintptr_t)seed;
  for (int round = 0; round < rounds; ++round) {
    char* block = atomic_exchange(&shared[next_random(&state) % places], NULL);
    const size_t size = sizeof(size_t) + next_random(&state) % (round % 50 == 0 ? 100000 : 2000);
    if (block != NULL) check(block);
    if (block != NULL && next_random(&state) % 3 == 0) {
      zfree(block);
      continue;
    }
    char* const now = ztryrealloc(block, size); /* a new one where there was none */
    if (now != NULL) {
      mark(now, size);
      block = now;
    } else if (block != NULL) {
      check(block);
    }
    EXPECT(zmalloc_used_memory() <= limit);
    block = atomic_exchange(&shared[next_random(&state) % places], block);
    zfree(block);
  }
  return NULL;
}

/* A child has no lock held, goes on below the limit, and frees what its parent had. */
static int child_can_go_on(void) {
  if (zmalloc_used_memory() > limit) return 0;
  for (int i = 0; i < places; ++i) zfree(shared[i]);
  zmalloc_set_limit(SIZE_MAX);
  for (size_t size = 1; size < 3000000; size *= 3) {
    char* block = zrealloc(zcalloc(size), 2 * size);
    memset(block, 1, 2 * size);
    zfree(block);
  }
  zmalloc_set_limit(zmalloc_used_memory());
  return ztrymalloc(16) == NULL;
}

static void expect_children_to_go_on(int count) {
  while (count-- > 0) {
    const pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
      alarm(120); /* one that hangs ends, and fails */
      _exit(child_can_go_on() ? 0 : 1);
    }
    int status = 0;
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
}

int main(void) {
  zmalloc_set_limit(limit);
  pthread_t running[threads];
  for (uintptr_t i = 0; i < threads; ++i) {
    EXPECT(pthread_create(&running[i], NULL, churn, (void*)(i + 1)) == 0);
  }
  expect_children_to_go_on(forks);
  for (int i = 0; i < threads; ++i) EXPECT(pthread_join(running[i], NULL) == 0);

  size_t left = 0;
  for (int i = 0; i < places; ++i) {
    if (shared[i] != NULL) left += zmalloc_size(shared[i]);
  }
  EXPECT(zmalloc_used_memory() == left);
  for (int i = 0; i < places; ++i) zfree(shared[i]);
  EXPECT(zmalloc_used_memory() == 0);
  EXPECT(zmalloc_get_peak_memory() <= limit);
  return EXIT_SUCCESS;
}
