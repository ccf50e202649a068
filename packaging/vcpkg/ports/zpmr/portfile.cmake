# SPDX-License-Identifier: MIT
#
# An overlay port of the source that it lies in: vcpkg install zpmr --overlay-ports=packaging/vcpkg/ports
# jemalloc and gperftools are Debian's, as zpmr makes private copies of their archives: libjemalloc-dev and
# libgoogle-perftools-dev.

get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../../.." ABSOLUTE)

vcpkg_check_features(
  OUT_FEATURE_OPTIONS features
  FEATURES
    prometheus ZPMR_WITH_PROMETHEUS
    tools ZPMR_BUILD_TOOLS)

vcpkg_cmake_configure(
  SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS
    ${features}
    -DZPMR_BUILD_TESTS=OFF
    -DZPMR_BUILD_EXAMPLES=OFF
    -DZPMR_WITH_DIAGNOSTICS=OFF)
vcpkg_cmake_install()
vcpkg_copy_pdbs()
vcpkg_fixup_pkgconfig()
vcpkg_cmake_config_fixup(PACKAGE_NAME zpmr CONFIG_PATH lib/cmake/zpmr)
if("tools" IN_LIST FEATURES)
  vcpkg_copy_tools(TOOL_NAMES zpmr-compare AUTO_CLEAN)
endif()

file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/packaging/debian/copyright")
