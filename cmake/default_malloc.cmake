# SPDX-License-Identifier: MIT
#
# Sets ZPMR_DEFAULT_MALLOC_NAME: a sanitizer decides first, then the user, then the platform.

if(ZPMR_SANITIZE MATCHES "address|undefined|memory")
  # These look into the C library's malloc only: blocks of another allocator would go unchecked.
  set(ZPMR_DEFAULT_MALLOC_NAME libc)
elseif(NOT ZPMR_DEFAULT_MALLOC STREQUAL "AUTO")
  string(REPLACE "_minimal" "" ZPMR_DEFAULT_MALLOC_NAME ${ZPMR_DEFAULT_MALLOC})
elseif(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND ZPMR_WITH_JEMALLOC)
  set(ZPMR_DEFAULT_MALLOC_NAME jemalloc)
else()
  set(ZPMR_DEFAULT_MALLOC_NAME libc)
endif()

string(TOUPPER ${ZPMR_DEFAULT_MALLOC_NAME} backend)
if(NOT backend STREQUAL "LIBC" AND NOT ZPMR_WITH_${backend})
  message(FATAL_ERROR "ZPMR_DEFAULT_MALLOC is ${ZPMR_DEFAULT_MALLOC}, "
                      "but ZPMR_WITH_${backend} is OFF: choose another or switch it on")
endif()
