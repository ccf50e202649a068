# SPDX-License-Identifier: MIT
#
# zpmr_link_tcmalloc(<target>): gives <target> gperftools' tcmalloc and sets ZPMR_TCMALLOC_VERSION.

set(zpmr_tcmalloc_entries
    malloc free free_sized calloc realloc memalign malloc_size nallocx version)

set(zpmr_malloc_extension_entries
    GetAllocatedSize GetEstimatedAllocatedSize GetNumericProperty GetOwnership GetStats
    GetThreadCacheSize MallocMemoryStats MarkThreadBusy MarkThreadIdle MarkThreadTemporarilyIdle
    ReleaseFreeMemory ReleaseToSystem SetNumericProperty VerifyAllMemory VerifyArrayNewMemory
    VerifyMallocMemory VerifyNewMemory)

function(zpmr_link_tcmalloc target)
  find_path(ZPMR_TCMALLOC_INCLUDE_DIR gperftools/tcmalloc.h)
  zpmr_require_found(ZPMR_TCMALLOC_INCLUDE_DIR gperftools/tcmalloc.h libgoogle-perftools-dev
                     TCMALLOC)
  zpmr_read_macros(${ZPMR_TCMALLOC_INCLUDE_DIR}/gperftools/tcmalloc.h version
                   TC_VERSION_MAJOR TC_VERSION_MINOR)
  zpmr_require_version(gperftools ${version} 2.7)
  set(ZPMR_TCMALLOC_VERSION ${version} PARENT_SCOPE)
  target_include_directories(${target} PRIVATE ${ZPMR_TCMALLOC_INCLUDE_DIR})

  if(ZPMR_TCMALLOC STREQUAL "full")
    set(library tcmalloc)
  else()
    set(library tcmalloc_minimal)
  endif()
  if(ZPMR_ALLOCATOR_LINKAGE STREQUAL "system")
    target_link_libraries(${target} PRIVATE ${library} ${CMAKE_DL_LIBS})
  else()
    zpmr_copy_tcmalloc(${target} ${library})
  endif()
endfunction()

function(zpmr_copy_tcmalloc target library)
  find_library(ZPMR_${library}_ARCHIVE lib${library}.a)
  zpmr_require_found(ZPMR_${library}_ARCHIVE lib${library}.a libgoogle-perftools-dev TCMALLOC)

  list(TRANSFORM zpmr_tcmalloc_entries REPLACE "(.+)" "tc_\\1=zpmr_tc_\\1" OUTPUT_VARIABLE entries)
  list(TRANSFORM zpmr_malloc_extension_entries
       REPLACE "(.+)" "MallocExtension_\\1=zpmr_MallocExtension_\\1" OUTPUT_VARIABLE extension)
  if(library STREQUAL "tcmalloc")
    find_library(ZPMR_UNWIND unwind)
    zpmr_require_found(ZPMR_UNWIND libunwind libunwind-dev TCMALLOC)
    target_link_libraries(${target} PRIVATE unwind)
  endif()

  # The archive was built with GNU's standard library. Beside another, what it needs of that one
  # becomes a part of the copy, and as private.
  set(standard_library "")
  if(ZPMR_USES_LIBCXX)
    find_library(ZPMR_LIBSTDCXX_ARCHIVE libstdc++.a HINTS ${CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES})
    zpmr_require_found(ZPMR_LIBSTDCXX_ARCHIVE libstdc++.a g++ TCMALLOC)
    set(standard_library LIBRARY ${ZPMR_LIBSTDCXX_ARCHIVE})
  endif()

  zpmr_add_private_copy(
    ${target} tcmalloc
    ARCHIVE ${ZPMR_${library}_ARCHIVE} ${standard_library}
    ENTRIES ${entries} ${extension} _ZN15MallocExtension8instanceEv=zpmr_tc_malloc_extension_instance
            _ZN22TCMallocImplementation16GetAllocatedSizeEPKv=zpmr_tc_block_size
    WRAP __sbrk _ZN15MallocExtension10InitializeEv _ZTISt9bad_alloc _ZTVSt9bad_alloc
         program_invocation_name program_invocation_short_name
    SHIM ${PROJECT_SOURCE_DIR}/cmake/private/tcmalloc.cpp)
endfunction()
