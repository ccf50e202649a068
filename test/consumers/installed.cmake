# SPDX-License-Identifier: MIT
#
# The library as this build installs it.

# zpmr_add_installed_tests(<fixture> <prefix> <libraries> <static or shared>): the tests <fixture>_is_found
# and <fixture>_is_found_by_pkg_config, of what a test that sets up the fixture has put into <prefix>.
function(zpmr_add_installed_tests fixture prefix libraries linkage)
  zpmr_add_consumer_test(${fixture}_is_found find_package ${prefix})
  add_test(NAME ${fixture}_is_found_by_pkg_config
           COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/pkg_config_test.sh ${prefix} ${linkage})
  # These flags tell where the C++ library is, which a C program links too.
  set(cc "${CMAKE_C_COMPILER} ${CMAKE_EXE_LINKER_FLAGS}")
  set(cxx "${CMAKE_CXX_COMPILER} ${CMAKE_CXX_FLAGS} ${CMAKE_EXE_LINKER_FLAGS}")
  set_tests_properties(${fixture}_is_found_by_pkg_config PROPERTIES
    SKIP_RETURN_CODE 77 TIMEOUT 600
    ENVIRONMENT "${zpmr_test_environment};CC=${cc};CXX=${cxx}")
  foreach(test IN ITEMS ${fixture}_is_found ${fixture}_is_found_by_pkg_config)
    set_property(TEST ${test} PROPERTY FIXTURES_REQUIRED ${fixture})
    set_property(TEST ${test} APPEND PROPERTY ENVIRONMENT LD_LIBRARY_PATH=${libraries})
  endforeach()
endfunction()

# zpmr_add_find_test(<name> <message> <-D option>...): finding the installed library must say this.
function(zpmr_add_find_test name expected)
  add_test(NAME find_package_${name}
           COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_SOURCE_DIR}/find_component
                   -B ${CMAKE_CURRENT_BINARY_DIR}/find_package_${name} --fresh
                   -D CMAKE_CXX_COMPILER=${CMAKE_CXX_COMPILER}
                   -D CMAKE_PREFIX_PATH=${CMAKE_CURRENT_BINARY_DIR}/installed_library ${ARGN})
  set_tests_properties(find_package_${name} PROPERTIES
    PASS_REGULAR_EXPRESSION "${expected}" FIXTURES_REQUIRED installed_library)
endfunction()

enable_language(C)
set(linkage static)
if(BUILD_SHARED_LIBS)
  set(linkage shared)
endif()
set(prefix ${CMAKE_CURRENT_BINARY_DIR}/installed_library)
add_test(NAME library_is_installed
         COMMAND ${CMAKE_COMMAND} -D zpmr_build=${PROJECT_BINARY_DIR} -D zpmr_source=${PROJECT_SOURCE_DIR}
                 -D config=$<CONFIG> -D prefix=${prefix}
                 -P ${CMAKE_CURRENT_SOURCE_DIR}/install.cmake)
set_property(TEST library_is_installed PROPERTY FIXTURES_SETUP installed_library)
zpmr_add_installed_tests(installed_library ${prefix} "" ${linkage})

zpmr_add_find_test(takes_a_component "zmalloc found: TRUE.*prometheus found: [\n]" -Dcomponents=zmalloc)
zpmr_add_find_test(refuses_an_unknown_component
                   "zpmr's component cores is unknown; known are:[ \n]+core, zmalloc" -Dcomponents=cores)
zpmr_add_find_test(goes_without_an_optional_component "core found: TRUE.*cores found: [\n]"
                   -Doptional=cores)
zpmr_add_find_test(takes_its_own_version "core found: TRUE" -Dversion=${PROJECT_VERSION})
foreach(version IN ITEMS 0.99 1.0 0.1.99)
  zpmr_add_find_test(refuses_version_${version}
                     "requested version \"${version}\".*version: ${PROJECT_VERSION}"
                     -Dversion=${version})
endforeach()
if(TARGET zpmr::prometheus)
  zpmr_add_find_test(names_the_missing_dependency "needs prometheus-cpp::core.*install[ \n]+prometheus-cpp-dev"
                     -Dcomponents=prometheus -DCMAKE_DISABLE_FIND_PACKAGE_prometheus-cpp=ON)
else()
  zpmr_add_find_test(names_the_missing_component "was not built.*ZPMR_WITH_PROMETHEUS=ON"
                     -Dcomponents=prometheus)
endif()

# These shared libraries show nothing private.
if(BUILD_SHARED_LIBS)
  set(libraries $<TARGET_FILE:zpmr> $<TARGET_FILE:zpmr_zmalloc>)
  foreach(target IN ITEMS zpmr_prometheus zpmr_diagnostics)
    if(TARGET ${target})
      list(APPEND libraries $<TARGET_FILE:${target}>)
    endif()
  endforeach()
  add_test(NAME libraries_show_nothing_private
           COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/exports_test.sh ${PROJECT_SOURCE_DIR}/include ${libraries})
endif()
