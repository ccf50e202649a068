/* SPDX-License-Identifier: MIT */
/* A C program of its own. With a prefix, the plain symbols are its own. */

#include <stdio.h>
#include <string.h>
#include <zpmr/zmalloc.h>

static void* zeroed_block(void) {
  return zcalloc(100);
}

#ifdef ZPMR_ZMALLOC_PREFIX
void* own_zcalloc(void* opaque, unsigned items, unsigned size) __asm__("zcalloc"); /* as in zlib */
void* own_zcalloc(void* opaque, unsigned items, unsigned size) {
  return items * size == 0 ? NULL : opaque;
}
#endif

int main(void) {
  char* block = zeroed_block();
  block = zrealloc(block, 100000);
  memset(block, 1, 100000);
  printf("%s: %zu bytes are used\n", ZMALLOC_LIB, zmalloc_used_memory());
  const int right = zmalloc_used_memory() == zmalloc_size(block);
  zfree(block);
  return right && zmalloc_used_memory() == 0 ? 0 : 1;
}
