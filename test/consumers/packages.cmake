# SPDX-License-Identifier: MIT
#
# The Debian packages, built once, with the shared library in them.

find_program(ZPMR_DPKG dpkg-deb)
if(NOT ZPMR_DPKG OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  return()
endif()

set(work ${CMAKE_CURRENT_BINARY_DIR}/packages)
set(root ${work}/root)
add_test(NAME packages_are_made
         COMMAND ${CMAKE_COMMAND} -D zpmr_source=${PROJECT_SOURCE_DIR} -D work=${work} -D root=${root}
                 -D compiler=${CMAKE_CXX_COMPILER} -P ${CMAKE_CURRENT_SOURCE_DIR}/make_packages.cmake)
set_tests_properties(packages_are_made PROPERTIES
  FIXTURES_SETUP packaged_library PROCESSORS 2 TIMEOUT 1200)

add_test(NAME packages_contain_all
         COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/packages_contents_test.sh ${work}
                 ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
add_test(NAME packages_are_installed_and_removed
         COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/packages_installed_test.sh ${work})
set_tests_properties(packages_are_installed_and_removed PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)
set(tests packages_contain_all packages_are_installed_and_removed)
set_tests_properties(${tests} PROPERTIES FIXTURES_REQUIRED packaged_library)

# Unpacked elsewhere, they can be used there.
set(libraries ${root}/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE})
zpmr_add_installed_tests(packaged_library ${root}/usr ${libraries} shared)
list(APPEND tests packages_are_made packaged_library_is_found packaged_library_is_found_by_pkg_config)
set_tests_properties(${tests} PROPERTIES LABELS configurations)
