# SPDX-License-Identifier: MIT
#
# What zpmr's libraries have in common: zpmr itself, zmalloc, prometheus, diagnostics.

include(GNUInstallDirs)
include(GenerateExportHeader)
set(ZPMR_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/zpmr)
set(zpmr_pc_in ${CMAKE_CURRENT_LIST_DIR}/zpmr.pc.in)

set(zpmr_exports ${PROJECT_BINARY_DIR}/exports.map)
configure_file(${PROJECT_SOURCE_DIR}/cmake/exports.map.in ${zpmr_exports} @ONLY)

# zpmr_finish_library(<target> <name>): <target> is zpmr::<name>. Its shared library shows only what
# has ZPMR_EXPORT, and exports.map.in names.
function(zpmr_finish_library target name)
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${name}
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    INSTALL_RPATH $ORIGIN # the others are there: the loader does not look where the program says
    POSITION_INDEPENDENT_CODE ON)
  if(BUILD_SHARED_LIBS)
    set_target_properties(${target} PROPERTIES
      CXX_VISIBILITY_PRESET hidden
      VISIBILITY_INLINES_HIDDEN ON)
    target_link_options(${target} PRIVATE LINKER:--version-script=${zpmr_exports})
    set_property(TARGET ${target} PROPERTY LINK_DEPENDS ${zpmr_exports})
  endif()
  zpmr_set_warnings(${target})
endfunction()

# zpmr_install_library(<target> <component> <runtime> <description> [REQUIRES <pkg-config module>...]
#                      [PRIVATE <linker flag>...])
#
# Installs <target>, and what find_package(zpmr COMPONENTS <component>) and pkg-config find it by. The
# shared library is in the install component <runtime>, all else in "development".
function(zpmr_install_library target component runtime description)
  cmake_parse_arguments(PARSE_ARGV 4 pc "" "" "REQUIRES;PRIVATE")

  install(TARGETS ${target} EXPORT zpmr-${component}
          LIBRARY COMPONENT ${runtime} NAMELINK_COMPONENT development
          ARCHIVE COMPONENT development
          FILE_SET HEADERS COMPONENT development)
  install(EXPORT zpmr-${component} NAMESPACE zpmr:: DESTINATION ${ZPMR_PACKAGE_DIR}
          FILE zpmr-${component}-targets.cmake COMPONENT development)

  # Found from where the file is, so that the whole can be moved.
  set(directory ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  foreach(name IN ITEMS directory CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
    cmake_path(ABSOLUTE_PATH ${name} BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX} NORMALIZE
               OUTPUT_VARIABLE ${name}_there)
  endforeach()
  cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${directory_there}
             OUTPUT_VARIABLE pc_prefix)
  cmake_path(RELATIVE_PATH CMAKE_INSTALL_LIBDIR_there BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX}
             OUTPUT_VARIABLE pc_libdir)
  cmake_path(RELATIVE_PATH CMAKE_INSTALL_INCLUDEDIR_there BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX}
             OUTPUT_VARIABLE pc_includedir)
  string(REGEX REPLACE "^zpmr_" "zpmr-" pc_name ${target})
  list(JOIN pc_REQUIRES " " pc_requires)
  list(JOIN pc_PRIVATE " " pc_private)
  set(pc_library ${target})
  set(pc_description ${description})
  # The sanitizers, which must be those of the program.
  set(pc_options "$<JOIN:$<TARGET_PROPERTY:${target},INTERFACE_LINK_OPTIONS>, >")
  set(pc_file ${PROJECT_BINARY_DIR}/${pc_name}.pc)
  configure_file(${zpmr_pc_in} ${pc_file}.in @ONLY)
  file(GENERATE OUTPUT ${pc_file} INPUT ${pc_file}.in)
  install(FILES ${pc_file} DESTINATION ${directory} COMPONENT development)
endfunction()
