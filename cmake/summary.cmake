# SPDX-License-Identifier: MIT
#
# What configuring has settled, in a few lines.

set(jemalloc off)
set(tcmalloc off)
if(ZPMR_WITH_JEMALLOC)
  set(jemalloc ${ZPMR_JEMALLOC_VERSION})
endif()
if(ZPMR_WITH_TCMALLOC)
  set(tcmalloc "gperftools ${ZPMR_TCMALLOC_VERSION} (${ZPMR_TCMALLOC})")
endif()
set(checked ${ZPMR_CHECKED})
if(ZPMR_CHECKED STREQUAL "AUTO")
  set(checked "in Debug builds")
endif()
set(sanitizers ${ZPMR_SANITIZE})
if(NOT sanitizers)
  set(sanitizers none)
endif()

message(STATUS "zpmr ${PROJECT_VERSION}")
message(STATUS "  jemalloc           ${jemalloc}")
message(STATUS "  tcmalloc           ${tcmalloc}")
message(STATUS "  linkage            ${ZPMR_ALLOCATOR_LINKAGE}")
message(STATUS "  default allocator  ${ZPMR_DEFAULT_MALLOC_NAME}")
message(STATUS "  checked            ${checked}")
message(STATUS "  sanitizers         ${sanitizers}")

if(ZPMR_ALLOCATOR_LINKAGE STREQUAL "system" AND (ZPMR_WITH_JEMALLOC OR ZPMR_WITH_TCMALLOC))
  message(STATUS "  With system linkage, the first allocator on a program's link line owns its malloc.")
endif()
