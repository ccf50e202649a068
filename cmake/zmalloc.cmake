# SPDX-License-Identifier: MIT
#
# zpmr::zmalloc, a library of its own: the C interface. Included by src/CMakeLists.txt.

configure_file(${PROJECT_SOURCE_DIR}/cmake/zmalloc_config.h.in ${config_dir}/zpmr/zmalloc_config.h)

add_library(zpmr_zmalloc)
add_library(zpmr::zmalloc ALIAS zpmr_zmalloc)
target_sources(
  zpmr_zmalloc
  PRIVATE zmalloc/zmalloc.cpp
          zmalloc/zmalloc_charge.cpp
          zmalloc/zmalloc_choice.cpp
          zmalloc/zmalloc_figures.cpp
          zmalloc/zmalloc_libc_${ZPMR_ZMALLOC_LIBC_SIZE}.cpp
          zmalloc/zmalloc_tracker.cpp
          $<IF:$<PLATFORM_ID:Linux>,platform/proc_figures_linux.cpp,platform/proc_figures_generic.cpp>
  PUBLIC FILE_SET HEADERS
         BASE_DIRS ${PROJECT_SOURCE_DIR}/include ${config_dir}
         FILES ${config_dir}/zpmr/zmalloc_config.h
               ../include/zpmr/zmalloc.h
               ../include/zpmr/zmalloc.hpp
               ../include/zpmr/detail/zmalloc_names.h)
if(ZPMR_WITH_JEMALLOC)
  target_sources(zpmr_zmalloc PRIVATE zmalloc/zmalloc_jemalloc.cpp)
endif()
if(ZPMR_WITH_TCMALLOC)
  target_sources(zpmr_zmalloc PRIVATE zmalloc/zmalloc_tcmalloc.cpp)
endif()

target_include_directories(zpmr_zmalloc PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(zpmr_zmalloc PRIVATE $<TARGET_PROPERTY:zpmr,COMPILE_DEFINITIONS>)
target_link_libraries(zpmr_zmalloc PUBLIC zpmr)
if(ZPMR_ALLOCATOR_LINKAGE STREQUAL "system")
  # It calls them too, and zpmr keeps them to itself.
  target_link_libraries(zpmr_zmalloc PRIVATE $<TARGET_PROPERTY:zpmr,LINK_LIBRARIES>)
endif()
zpmr_finish_library(zpmr_zmalloc zmalloc)
