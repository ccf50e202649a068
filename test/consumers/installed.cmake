# SPDX-License-Identifier: MIT
#
# The library as it is installed: this build's, and a shared one.

# zpmr_add_installed_tests(<name> <build tree> <static or shared>): installs the tree once, for the tests
# <name>_is_found and <name>_is_found_by_pkg_config. Appends all of them to zpmr_installed_tests.
function(zpmr_add_installed_tests name tree linkage)
  set(prefix ${CMAKE_CURRENT_BINARY_DIR}/${name})
  add_test(NAME ${name}_is_installed
           COMMAND ${CMAKE_COMMAND} -D zpmr_build=${tree} -D zpmr_source=${PROJECT_SOURCE_DIR}
                   -D config=$<CONFIG> -D prefix=${prefix}
                   -P ${CMAKE_CURRENT_SOURCE_DIR}/install.cmake)
  zpmr_add_consumer_test(${name}_is_found find_package ${prefix}
                         -DCMAKE_CXX_FLAGS=${CMAKE_CXX_FLAGS}
                         -DCMAKE_EXE_LINKER_FLAGS=${CMAKE_EXE_LINKER_FLAGS})
  add_test(NAME ${name}_is_found_by_pkg_config
           COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/pkg_config_test.sh ${prefix} ${linkage})
  set_tests_properties(${name}_is_found_by_pkg_config PROPERTIES
    SKIP_RETURN_CODE 77 TIMEOUT 600
    ENVIRONMENT "${zpmr_test_environment};CC=${CMAKE_C_COMPILER};CXX=${CMAKE_CXX_COMPILER} ${CMAKE_CXX_FLAGS} ${CMAKE_EXE_LINKER_FLAGS}")
  set(tests ${name}_is_found ${name}_is_found_by_pkg_config)
  set_tests_properties(${name}_is_installed PROPERTIES FIXTURES_SETUP ${name})
  set_tests_properties(${tests} PROPERTIES FIXTURES_REQUIRED ${name})
  set(zpmr_installed_tests ${name}_is_installed ${tests} PARENT_SCOPE)
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
zpmr_add_installed_tests(installed_library ${PROJECT_BINARY_DIR} ${linkage})

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

# zpmr_add_exports_test(<name> <library>...): these shared libraries show nothing private.
function(zpmr_add_exports_test name)
  add_test(NAME ${name}_shows_nothing_private
           COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/exports_test.sh ${PROJECT_SOURCE_DIR}/include ${ARGN})
endfunction()
if(BUILD_SHARED_LIBS)
  set(libraries $<TARGET_FILE:zpmr> $<TARGET_FILE:zpmr_zmalloc>)
  foreach(target IN ITEMS zpmr_prometheus zpmr_diagnostics)
    if(TARGET ${target})
      list(APPEND libraries $<TARGET_FILE:${target}>)
    endif()
  endforeach()
  zpmr_add_exports_test(library ${libraries})
endif()

# A shared library, built once, as a part of a project that fetches zpmr, and installed from there.
zpmr_add_consumer_test(configuration_shared fetch_content "" -DBUILD_SHARED_LIBS=ON)
zpmr_add_installed_tests(shared_library
                         ${CMAKE_CURRENT_BINARY_DIR}/configuration_shared/build/_deps/zpmr-build shared)
zpmr_add_exports_test(shared_library ${CMAKE_CURRENT_BINARY_DIR}/shared_library/lib/libzpmr.so
                      ${CMAKE_CURRENT_BINARY_DIR}/shared_library/lib/libzpmr_zmalloc.so)
set_tests_properties(shared_library_shows_nothing_private PROPERTIES FIXTURES_REQUIRED shared_library)
set_tests_properties(configuration_shared PROPERTIES FIXTURES_SETUP shared_build)
set_tests_properties(shared_library_is_installed PROPERTIES FIXTURES_REQUIRED shared_build)
set_tests_properties(configuration_shared ${zpmr_installed_tests} shared_library_shows_nothing_private
                     PROPERTIES LABELS configurations)
