/* SPDX-License-Identifier: MIT */
/* A program that uses zlib, statically linked, and zmalloc with a prefix: each has a zcalloc, and
 * zlib's z_stream has a member named zfree. It is built with either header first. */

#if ZLIB_FIRST
#include <zlib.h>
#endif
#include <zpmr/zmalloc.h>
#if !ZLIB_FIRST
#include <zlib.h>
#endif
#include <string.h>

#include "expect.h"

static void* allocate(void* opaque, unsigned count, unsigned size) {
  ++*(int*)opaque;
  return zcalloc_num(count, size);
}

static void release(void* opaque, void* block) {
  --*(int*)opaque;
  zfree(block);
}

static void zlib_can_use_zmalloc(void) {
  int blocks = 0;
  z_stream stream = {.zalloc = allocate, .zfree = release, .opaque = &blocks};
  EXPECT(deflateInit(&stream, 9) == Z_OK);
  EXPECT(blocks > 0 && zmalloc_used_memory() > 100000);
  char text[5000];
  unsigned char packed[5000];
  memset(text, 'a', sizeof text);
  stream.next_in = (unsigned char*)text;
  stream.avail_in = sizeof text;
  stream.next_out = packed;
  stream.avail_out = sizeof packed;
  EXPECT(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  EXPECT(deflateEnd(&stream) == Z_OK && blocks == 0 && zmalloc_used_memory() == 0);

  /* And where none are given it uses its own, of the same name. */
  char unpacked[sizeof text];
  unsigned long length = sizeof unpacked;
  EXPECT(uncompress((unsigned char*)unpacked, &length, packed, stream.total_out) == Z_OK);
  EXPECT(length == sizeof text && memcmp(text, unpacked, length) == 0);
  EXPECT(zmalloc_used_memory() == 0);
}

static void the_longer_names_are_functions_too(void) {
  void* const block = my_zmalloc(100);
  EXPECT(my_zmalloc_used_memory() == zmalloc_size(block));
  my_zfree(block);
}

int main(void) {
  zlib_can_use_zmalloc();
  the_longer_names_are_functions_too();
  return EXIT_SUCCESS;
}
