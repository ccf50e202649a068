/* SPDX-License-Identifier: MIT */

/** \file
 * A cache of strings in C that stays below a limit: it evicts what was used longest ago until what
 * comes next fits, and so never is above it. The strings are a small library in the manner of SDS,
 * whose functions of allocation are defined to zmalloc's. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zpmr/zmalloc.h>

#define s_trymalloc_usable ztrymalloc_usable
#define s_tryrealloc_usable ztryrealloc_usable
#define s_free zfree

/* A string knows its length, and the room that its block has. What is passed around is where its
 * characters begin, so it is a C string too. */
typedef char* text;

struct text_header {
  size_t length;
  size_t room; /* for characters; the zero at the end is extra */
};

static struct text_header* header_of(const char* string) {
  return (struct text_header*)(void*)string - 1;
}

static size_t text_length(const char* string) {
  return header_of(string)->length;
}

static size_t block_size_for(size_t length) {
  return sizeof(struct text_header) + length + 1;
}

/* Returns: the string in that block. All that the allocator has set aside is room. */
static text in_block(void* block, size_t usable, size_t length) {
  struct text_header* const header = block;
  header->length = length;
  header->room = usable - sizeof *header - 1;
  return (text)(header + 1);
}

/* Returns: a string of these characters, or NULL if there is no memory for it. */
static text try_text(const char* characters, size_t length) {
  size_t usable;
  void* const block = s_trymalloc_usable(block_size_for(length), &usable);
  if (block == NULL) return NULL;
  const text string = in_block(block, usable, length);
  memcpy(string, characters, length);
  string[length] = '\0';
  return string;
}

static void text_free(text string) {
  s_free(header_of(string));
}

/* Returns: the string with the characters at its end, which may have moved; or NULL if there is no
 * memory for it, and the string is as it was. */
static text try_append(text string, const char* characters, size_t length) {
  const size_t before = text_length(string);
  if (length > header_of(string)->room - before) {
    size_t usable;
    void* const block =
        s_tryrealloc_usable(header_of(string), block_size_for(2 * (before + length)), &usable);
    if (block == NULL) return NULL;
    string = in_block(block, usable, before);
  }
  memcpy(string + before, characters, length);
  string[before + length] = '\0';
  header_of(string)->length = before + length;
  return string;
}

/* The cache: a ring, in which the oldest string makes room for the newest. */
enum { cache_places = 1024 };
static text cache[cache_places];
static size_t first, count;
static size_t max_memory;

static int evict_oldest(void) {
  if (count == 0) return 0;
  text_free(cache[first]);
  first = (first + 1) % cache_places;
  --count;
  return 1;
}

/* Whether so many bytes more would be above the limit. */
//! [example]
static int over_memory_after_allocation(size_t bytes) {
  const size_t used = zmalloc_used_memory();
  return used > max_memory || bytes > max_memory - used;
}

/* Makes room beforehand, and again if the block was larger than that: the limit is exact. */
static text cached_text(const char* characters, size_t length) {
  while (over_memory_after_allocation(block_size_for(length)) && evict_oldest()) continue;
  text string = NULL;
  while ((string = try_text(characters, length)) == NULL && evict_oldest()) continue;
  return string;
}
//! [example]

/* The same for a string that is not in the cache. Where a block moves there are two for a while. */
static text cached_append(text string, const char* characters, size_t length) {
  text longer = NULL;
  while ((longer = try_append(string, characters, length)) == NULL && evict_oldest()) continue;
  return longer;
}

static void expect(int holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "string_cache: not as expected: %s\n", what);
  exit(EXIT_FAILURE);
}

int main(void) {
  max_memory = 256 * 1024;
  zmalloc_set_limit(max_memory);

  char page[3000];
  unsigned evicted = 0;
  for (unsigned number = 0; number < 2000; ++number) {
    memset(page, 'a' + (int)(number % 26), sizeof page);
    const size_t before = count;
    const text string = cached_text(page, number * 37 % sizeof page);
    expect(string != NULL, "there is always something to evict");
    evicted += (unsigned)(before - count);
    cache[(first + count) % cache_places] = string;
    ++count;
  }
  printf("%s: %zu of 2000 strings are kept, %u were evicted; %zu bytes are used, %zu at most\n",
         ZMALLOC_LIB, count, evicted, zmalloc_used_memory(), zmalloc_get_peak_memory());
  expect(count + evicted == 2000 && count > 50, "all are kept or evicted");
  expect(zmalloc_used_memory() <= max_memory, "the cache is within its limit");
  expect(zmalloc_used_memory() > max_memory - max_memory / 8, "and makes use of it");

  text line = cached_text("one", 3);
  for (int i = 0; line != NULL && i < 5000; ++i) line = cached_append(line, " and one more", 13);
  expect(line != NULL && strlen(line) == 3 + 5000 * 13, "it has grown");
  expect(text_length(line) == strlen(line), "and knows its length");
  expect(count > 0 && count + evicted < 2000, "older strings have made room for it");
  text_free(line);
  while (evict_oldest()) continue;
  expect(zmalloc_used_memory() == 0, "nothing is lost");
  expect(zmalloc_get_peak_memory() <= max_memory, "the limit was never passed");
  return EXIT_SUCCESS;
}
