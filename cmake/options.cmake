# SPDX-License-Identifier: MIT
#
# Every setting of zpmr that a user may pass with -D, with its check.

# A cache variable whose value is one of those given, the first by default; any other is refused.
function(zpmr_choice name help)
  set(${name} "${ARGV2}" CACHE STRING "${help}: ${ARGN}")
  set_property(CACHE ${name} PROPERTY STRINGS ${ARGN})
  if(NOT "${${name}}" IN_LIST ARGN)
    list(JOIN ARGN ", " valid)
    message(FATAL_ERROR "${name} is \"${${name}}\", but it must be one of: ${valid}")
  endif()
endfunction()

# An option that is on or off. CMake would take any other word for "on".
function(zpmr_switch name help default)
  option(${name} "${help}" ${default})
  string(TOUPPER "${${name}}" value)
  if(NOT value MATCHES "^(ON|YES|TRUE|Y|1|OFF|NO|FALSE|N|0|)$")
    message(FATAL_ERROR "${name} is \"${${name}}\", but it must be ON or OFF")
  endif()
endfunction()

if(PROJECT_IS_TOP_LEVEL) # else it is the parent's, for all its libraries
  option(BUILD_SHARED_LIBS "Build libzpmr as a shared library")
endif()
zpmr_switch(ZPMR_BUILD_TESTS "Build the tests" ${PROJECT_IS_TOP_LEVEL})
zpmr_switch(ZPMR_BUILD_EXAMPLES "Build the examples" ${PROJECT_IS_TOP_LEVEL})
zpmr_switch(ZPMR_BUILD_TOOLS "Build zpmr-compare" ${PROJECT_IS_TOP_LEVEL})
zpmr_switch(ZPMR_BUILD_BENCHMARKS "Build the benchmarks" OFF)
zpmr_switch(ZPMR_BUILD_FUZZERS "Build the fuzzer, which takes clang" OFF)
zpmr_switch(ZPMR_DEBIAN_PACKAGES "Have cpack make Debian packages: see the preset package" OFF)
zpmr_switch(ZPMR_WARNINGS_AS_ERRORS "Stop at any compiler warning in zpmr's own files" OFF)

include(cmake/allocators.cmake)
zpmr_choice(ZPMR_WITH_PROMETHEUS "Build zpmr::prometheus; AUTO where prometheus-cpp is found"
            AUTO ON OFF)
zpmr_choice(ZPMR_WITH_DIAGNOSTICS "Build zpmr::diagnostics; AUTO where Boost.Stacktrace is found"
            AUTO ON OFF)
set(ZPMR_JEMALLOC_SOURCE "" CACHE PATH
    "Build jemalloc from this release source instead of copying the installed archive")

zpmr_choice(ZPMR_ALLOCATOR_LINKAGE "Private copies, or the system's shared libraries" private system)
zpmr_choice(ZPMR_DEFAULT_MALLOC "The allocator behind default_allocator()"
            AUTO ${ZPMR_ALLOCATORS} tcmalloc_minimal libc)
zpmr_choice(ZPMR_CHECKED "Check preconditions; AUTO does in Debug" AUTO ON OFF)

set(ZPMR_ZMALLOC_PREFIX "" CACHE STRING "What the names of zmalloc.h's functions begin with")
zpmr_choice(ZPMR_ZMALLOC_LIBC_SIZE "How zmalloc.h knows a libc block's size" prefix system)
zpmr_choice(ZPMR_TCMALLOC "The part of gperftools to use" minimal full)

if(ZPMR_DEFAULT_MALLOC STREQUAL "tcmalloc_minimal" AND ZPMR_TCMALLOC STREQUAL "full")
  message(FATAL_ERROR "ZPMR_DEFAULT_MALLOC is tcmalloc_minimal, but ZPMR_TCMALLOC is full: "
                      "set the one to tcmalloc, or the other to minimal")
endif()
if(NOT ZPMR_ZMALLOC_PREFIX MATCHES "^([A-Za-z_][A-Za-z0-9_]*)?$")
  message(FATAL_ERROR "ZPMR_ZMALLOC_PREFIX is \"${ZPMR_ZMALLOC_PREFIX}\", but names of C must be "
                      "able to begin with it: letters, digits and _, no digit first")
endif()
if(ZPMR_JEMALLOC_SOURCE AND ZPMR_ALLOCATOR_LINKAGE STREQUAL "system")
  message(FATAL_ERROR "ZPMR_JEMALLOC_SOURCE is for private copies, but ZPMR_ALLOCATOR_LINKAGE is "
                      "system: leave one of them out")
endif()

include(cmake/sanitize.cmake)
