# SPDX-License-Identifier: MIT
#
# Runs vcpkg's port, with these in place of vcpkg's own functions: they configure the source with the port's
# options, and install this build, as to build it once more would take long.

cmake_minimum_required(VERSION 3.25)

set(port ${zpmr_source}/packaging/vcpkg/ports/zpmr)
set(PORT zpmr)
set(FEATURES core tools)
set(CURRENT_PACKAGES_DIR ${work}/packages)

function(vcpkg_check_features)
  cmake_parse_arguments(arg "" "OUT_FEATURE_OPTIONS" "FEATURES" ${ARGN})
  set(options "")
  while(arg_FEATURES)
    list(POP_FRONT arg_FEATURES feature option)
    if(feature IN_LIST FEATURES)
      list(APPEND options -D${option}=ON)
    else()
      list(APPEND options -D${option}=OFF)
    endif()
  endwhile()
  set(${arg_OUT_FEATURE_OPTIONS} ${options} PARENT_SCOPE)
endfunction()

function(vcpkg_cmake_configure)
  cmake_parse_arguments(arg "" "SOURCE_PATH" "OPTIONS" ${ARGN})
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${arg_SOURCE_PATH} -B ${work}/build --fresh
                          -D CMAKE_CXX_COMPILER=${compiler} ${arg_OPTIONS}
                  ERROR_VARIABLE errors COMMAND_ERROR_IS_FATAL ANY)
  if(errors MATCHES "not used")
    message(FATAL_ERROR "The port sets options that zpmr does not have: ${errors}")
  endif()
endfunction()

function(vcpkg_cmake_install)
  execute_process(COMMAND ${CMAKE_COMMAND} --install ${zpmr_build} --prefix ${CURRENT_PACKAGES_DIR}
                  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(vcpkg_cmake_config_fixup)
  cmake_parse_arguments(arg "" "PACKAGE_NAME;CONFIG_PATH" "" ${ARGN})
  set(from ${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH})
  file(COPY ${from}/ DESTINATION ${CURRENT_PACKAGES_DIR}/share/${arg_PACKAGE_NAME})
  file(REMOVE_RECURSE ${from})
endfunction()

function(vcpkg_copy_tools)
  cmake_parse_arguments(arg "AUTO_CLEAN" "" "TOOL_NAMES" ${ARGN})
  foreach(tool IN LISTS arg_TOOL_NAMES)
    file(COPY ${CURRENT_PACKAGES_DIR}/bin/${tool} DESTINATION ${CURRENT_PACKAGES_DIR}/tools/${PORT})
  endforeach()
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(arg "" "" "FILE_LIST" ${ARGN})
  file(INSTALL ${arg_FILE_LIST} DESTINATION ${CURRENT_PACKAGES_DIR}/share/${PORT})
endfunction()

function(vcpkg_copy_pdbs)
endfunction()
function(vcpkg_fixup_pkgconfig)
endfunction()

file(REMOVE_RECURSE ${work})
include(${port}/portfile.cmake)

foreach(file IN ITEMS include/zpmr/zpmr.hpp share/zpmr/zpmr-config.cmake share/zpmr/usage
                      share/zpmr/copyright tools/zpmr/zpmr-compare)
  if(NOT EXISTS ${CURRENT_PACKAGES_DIR}/${file})
    message(FATAL_ERROR "The port installs no ${file}")
  endif()
endforeach()

file(READ ${port}/vcpkg.json manifest)
string(JSON name GET "${manifest}" name)
string(JSON version GET "${manifest}" version)
if(NOT name STREQUAL "zpmr" OR NOT version STREQUAL zpmr_version)
  message(FATAL_ERROR "vcpkg.json is of ${name} ${version}, not of zpmr ${zpmr_version}")
endif()
