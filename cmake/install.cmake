# SPDX-License-Identifier: MIT
#
# `cmake --install`: the library, its headers, and what find_package(zpmr) and pkg-config find.

include(CMakePackageConfigHelpers)

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/zpmr-config.cmake.in
                              ${PROJECT_BINARY_DIR}/zpmr-config.cmake
                              INSTALL_DESTINATION ${ZPMR_PACKAGE_DIR}
                              NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/zpmr-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/zpmr-config.cmake
              ${PROJECT_BINARY_DIR}/zpmr-config-version.cmake
        DESTINATION ${ZPMR_PACKAGE_DIR} COMPONENT development)
set(printers ${CMAKE_INSTALL_DATADIR}/zpmr/gdb)
install(FILES ${PROJECT_SOURCE_DIR}/tools/gdb/zpmr.py DESTINATION ${printers} COMPONENT development)
# Below /usr gdb finds by itself what bears the shared library's name.
if(BUILD_SHARED_LIBS AND CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(auto_load ${CMAKE_INSTALL_DATADIR}/gdb/auto-load${CMAKE_INSTALL_FULL_LIBDIR})
  set(link ${PROJECT_BINARY_DIR}/libzpmr.so.${PROJECT_VERSION}-gdb.py)
  cmake_path(RELATIVE_PATH printers BASE_DIRECTORY ${auto_load})
  file(CREATE_LINK ${printers}/zpmr.py ${link} SYMBOLIC)
  install(FILES ${link} DESTINATION ${auto_load} COMPONENT development)
endif()
# With the licences of the allocators too, which are in the library.
if(NOT ZPMR_DEBIAN_PACKAGES) # each of which has it in a place of its own
  install(FILES ${PROJECT_SOURCE_DIR}/packaging/debian/copyright
          DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT development)
endif()

# What a C program, or one that links the archive by hand, has to link as well.
get_target_property(private_libraries zpmr LINK_LIBRARIES)
list(APPEND private_libraries ${CMAKE_CXX_IMPLICIT_LINK_LIBRARIES})
list(REMOVE_DUPLICATES private_libraries)
list(FILTER private_libraries EXCLUDE REGEX "^(gcc|gcc_s|gcc_eh|c)$") # of C too
list(TRANSFORM private_libraries REPLACE "^Threads::Threads$" "-pthread")
list(TRANSFORM private_libraries REPLACE "^([^-/].*)" "-l\\1")

zpmr_install_library(zpmr core runtime "${PROJECT_DESCRIPTION}" PRIVATE ${private_libraries})
zpmr_install_library(zpmr_zmalloc zmalloc runtime "The interface of Redis's zmalloc.h, counted and capped"
                     REQUIRES zpmr)
