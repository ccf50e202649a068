# SPDX-License-Identifier: MIT
#
# The allocators beside the C library's, a line for each, in the order in which allocators() lists
# them. docs/adding-an-allocator.md says how to add one.

# zpmr_allocator(<name> <ON|OFF>): offers it by the option ZPMR_WITH_<NAME>, with that default. Where
# it is on, src/allocators/<name>_resource.cpp and include/zpmr/<name>_resource.hpp are built in.
function(zpmr_allocator name default)
  string(TOUPPER ${name} backend)
  zpmr_switch(ZPMR_WITH_${backend} "Offer ${name}" ${default})
  set(is_built_in 0)
  if(ZPMR_WITH_${backend})
    set(is_built_in 1)
    list(APPEND ZPMR_BUILT_IN ${name})
    string(APPEND ZPMR_INCLUDES_OF_ALLOCATORS "#include <zpmr/${name}_resource.hpp>\n")
    string(APPEND ZPMR_NAMES_OF_ALLOCATORS "DO(${name}) ")
  endif()
  list(APPEND ZPMR_ALLOCATORS ${name})
  string(APPEND ZPMR_SWITCHES_OF_ALLOCATORS "#define ZPMR_WITH_${backend} ${is_built_in}\n")
  foreach(list IN ITEMS ALLOCATORS BUILT_IN SWITCHES_OF_ALLOCATORS INCLUDES_OF_ALLOCATORS
                        NAMES_OF_ALLOCATORS)
    set(ZPMR_${list} "${ZPMR_${list}}" PARENT_SCOPE)
  endforeach()
endfunction()

zpmr_allocator(jemalloc ON)
zpmr_allocator(tcmalloc ON)
zpmr_allocator(mimalloc OFF)
