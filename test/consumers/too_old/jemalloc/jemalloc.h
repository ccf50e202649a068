/* SPDX-License-Identifier: MIT
   What a jemalloc that is too old says of itself. */
#define JEMALLOC_VERSION_MAJOR 5
#define JEMALLOC_VERSION_MINOR 1
#define JEMALLOC_VERSION_BUGFIX 0
