# SPDX-License-Identifier: MIT
#
# zpmr_link_jemalloc(<target>): gives <target> jemalloc and sets ZPMR_JEMALLOC_VERSION.

set(zpmr_jemalloc_entries
    malloc calloc realloc aligned_alloc free mallocx rallocx xallocx sallocx dallocx sdallocx
    nallocx mallctl mallctlnametomib mallctlbymib malloc_stats_print malloc_usable_size malloc_conf
    malloc_message)

function(zpmr_link_jemalloc target)
  if(ZPMR_JEMALLOC_SOURCE AND ZPMR_ALLOCATOR_LINKAGE STREQUAL "private")
    zpmr_build_jemalloc(${target})
  else()
    zpmr_use_installed_jemalloc(${target})
  endif()
  zpmr_require_version(jemalloc ${ZPMR_JEMALLOC_VERSION} 5.2.0)
  set(ZPMR_JEMALLOC_VERSION ${ZPMR_JEMALLOC_VERSION} PARENT_SCOPE)
endfunction()

# The archive and header that a distribution installs.
function(zpmr_use_installed_jemalloc target)
  find_path(ZPMR_JEMALLOC_INCLUDE_DIR jemalloc/jemalloc.h)
  zpmr_require_found(ZPMR_JEMALLOC_INCLUDE_DIR jemalloc/jemalloc.h libjemalloc-dev JEMALLOC)
  zpmr_read_macros(${ZPMR_JEMALLOC_INCLUDE_DIR}/jemalloc/jemalloc.h version
                   JEMALLOC_VERSION_MAJOR JEMALLOC_VERSION_MINOR JEMALLOC_VERSION_BUGFIX)
  set(ZPMR_JEMALLOC_VERSION ${version} PARENT_SCOPE)
  target_include_directories(${target} PRIVATE ${ZPMR_JEMALLOC_INCLUDE_DIR})

  if(ZPMR_ALLOCATOR_LINKAGE STREQUAL "system")
    target_link_libraries(${target} PRIVATE jemalloc ${CMAKE_DL_LIBS})
    return()
  endif()

  find_library(ZPMR_JEMALLOC_ARCHIVE libjemalloc_pic.a)
  zpmr_require_found(ZPMR_JEMALLOC_ARCHIVE libjemalloc_pic.a libjemalloc-dev JEMALLOC)
  list(TRANSFORM zpmr_jemalloc_entries REPLACE "(.+)" "\\1=zpmr_je_\\1" OUTPUT_VARIABLE entries)
  zpmr_add_private_copy(
    ${target} jemalloc
    ARCHIVE ${ZPMR_JEMALLOC_ARCHIVE}
    WITHOUT jemalloc_cpp.pic.o # operator new and delete
    ENTRIES ${entries}
    WRAP secure_getenv readlink
    SHIM ${PROJECT_SOURCE_DIR}/cmake/private/jemalloc.cpp)
endfunction()

# A release source, built with jemalloc's own options for a private copy.
function(zpmr_build_jemalloc target)
  if(NOT EXISTS ${ZPMR_JEMALLOC_SOURCE}/configure OR NOT EXISTS ${ZPMR_JEMALLOC_SOURCE}/VERSION)
    message(FATAL_ERROR "ZPMR_JEMALLOC_SOURCE=${ZPMR_JEMALLOC_SOURCE} is no release source of "
                        "jemalloc: it has no configure and VERSION")
  endif()
  file(STRINGS ${ZPMR_JEMALLOC_SOURCE}/VERSION version REGEX "^[0-9.]+" LIMIT_COUNT 1)
  string(REGEX MATCH "^[0-9]+\\.[0-9]+\\.[0-9]+" version "${version}")
  if(NOT version)
    message(FATAL_ERROR "ZPMR_JEMALLOC_SOURCE=${ZPMR_JEMALLOC_SOURCE} is no release source of "
                        "jemalloc: its VERSION begins with no version")
  endif()
  set(ZPMR_JEMALLOC_VERSION ${version} PARENT_SCOPE)

  include(ExternalProject)
  set(build ${CMAKE_CURRENT_BINARY_DIR}/jemalloc)
  set(archive ${build}/lib/libjemalloc_pic.a)
  ExternalProject_Add(
    zpmr_jemalloc
    SOURCE_DIR ${ZPMR_JEMALLOC_SOURCE}
    BINARY_DIR ${build}
    CONFIGURE_COMMAND
      ${ZPMR_JEMALLOC_SOURCE}/configure --disable-initial-exec-tls --with-jemalloc-prefix=zpmr_je_
      --with-private-namespace=zpmr_je_i_ --disable-cxx --disable-doc --disable-libdl
    BUILD_COMMAND make -j2 lib/libjemalloc_pic.a
    BUILD_BYPRODUCTS ${archive}
    INSTALL_COMMAND "")

  list(TRANSFORM zpmr_jemalloc_entries REPLACE "(.+)" "zpmr_je_\\1=zpmr_je_\\1"
       OUTPUT_VARIABLE entries)
  zpmr_add_private_copy(${target} jemalloc ARCHIVE ${archive} ENTRIES ${entries})
  add_dependencies(${target} zpmr_jemalloc)
  target_include_directories(${target} PRIVATE ${build}/include)
endfunction()
