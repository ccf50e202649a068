# SPDX-License-Identifier: MIT
#
# `cmake --install`: the library, its headers, and the package that find_package(zpmr) finds.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/zpmr)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/zpmr-config.cmake.in
                              ${PROJECT_BINARY_DIR}/zpmr-config.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/zpmr-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)

install(TARGETS zpmr zpmr_zmalloc EXPORT zpmr-targets FILE_SET HEADERS)
install(EXPORT zpmr-targets NAMESPACE zpmr:: DESTINATION ${package_dir})
install(FILES ${PROJECT_BINARY_DIR}/zpmr-config.cmake
              ${PROJECT_BINARY_DIR}/zpmr-config-version.cmake
        DESTINATION ${package_dir})
