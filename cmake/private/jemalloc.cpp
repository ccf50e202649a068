// SPDX-License-Identifier: MIT
//
// Becomes a part of the private copy of jemalloc and stands between it and the system, so that it
// is not configured by what is meant for the program's own jemalloc.

#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

extern "C" {

char* __real_secure_getenv(const char* name);

char* __wrap_secure_getenv(const char* name) {
  return __real_secure_getenv(std::strcmp(name, "MALLOC_CONF") == 0 ? "ZPMR_JE_MALLOC_CONF" : name);
}

// jemalloc asks for one link only: /etc/malloc.conf.
ssize_t __wrap_readlink(const char*, char*, std::size_t) {
  errno = ENOENT;
  return -1;
}

}  // extern "C"
