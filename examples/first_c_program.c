/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <zpmr/zmalloc.h>

int main(void) {
  zmalloc_set_limit(64 << 20);
  char* const block = ztrymalloc(100); /* NULL if that would pass the limit */
  if (block == NULL) return 1;
  printf("%s: %zu bytes are used, and %zu of them may be written\n", ZMALLOC_LIB,
         zmalloc_used_memory(), zmalloc_usable_size(block));
  zfree(block);
  return zmalloc_used_memory() == 0 ? 0 : 1;
}
