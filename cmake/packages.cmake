# SPDX-License-Identifier: MIT
#
# Debian packages, by `cpack` in a build tree with ZPMR_DEBIAN_PACKAGES=ON: ./dev package.

if(NOT ZPMR_DEBIAN_PACKAGES)
  return()
endif()
if(NOT BUILD_SHARED_LIBS OR NOT CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  message(FATAL_ERROR "ZPMR_DEBIAN_PACKAGES needs BUILD_SHARED_LIBS=ON and CMAKE_INSTALL_PREFIX=/usr: "
                      "use the preset package")
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The zpmr authors <zpmr@example.org>" CACHE STRING "The packages' maintainer")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/src ${PROJECT_BINARY_DIR})
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY >=) # the name of the package has the ABI's number
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
    GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL "")
set(from ${PROJECT_SOURCE_DIR}/packaging/debian)

find_program(ZPMR_GZIP gzip REQUIRED)
set(changelog ${PROJECT_BINARY_DIR}/changelog)
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${from}/changelog.in ${changelog} @ONLY)
execute_process(COMMAND ${ZPMR_GZIP} -9nf ${changelog} COMMAND_ERROR_IS_FATAL ANY)

# zpmr_debian_package(<install component> <package> <section> <description>)
macro(zpmr_debian_package component package section description)
  string(TOUPPER ${component} upper)
  list(APPEND CPACK_COMPONENTS_ALL ${component})
  set(CPACK_DEBIAN_${upper}_PACKAGE_NAME ${package})
  set(CPACK_DEBIAN_${upper}_PACKAGE_SECTION ${section})
  set(CPACK_COMPONENT_${upper}_DESCRIPTION "${description}")
  if("${section}" STREQUAL "libs")
    set(CPACK_DEBIAN_${upper}_PACKAGE_CONTROL_EXTRA ${from}/triggers)
  endif()
  install(FILES ${from}/copyright ${changelog}.gz
          DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${component})
endmacro()

set(abi ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
zpmr_debian_package(runtime libzpmr${abi} libs
  "The shared libraries of zpmr and of its C interface, zmalloc. jemalloc and
tcmalloc are in them as private copies, which do not replace the malloc of
the program.")
zpmr_debian_package(development libzpmr-dev libdevel
  "What is needed to build programs with zpmr: headers, and what CMake and
pkg-config find it by.")
set(CPACK_COMPONENT_DEVELOPMENT_DEPENDS runtime)
foreach(component IN ITEMS prometheus diagnostics)
  if(TARGET zpmr_${component})
    zpmr_debian_package(${component} libzpmr-${component}${abi} libs
                        "The shared library of zpmr::${component}.")
    string(TOUPPER ${component} upper)
    set(CPACK_COMPONENT_${upper}_DEPENDS runtime)
    list(APPEND CPACK_COMPONENT_DEVELOPMENT_DEPENDS ${component})
  endif()
endforeach()
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS "prometheus-cpp-dev, libboost-stacktrace-dev")
if(TARGET zpmr-compare)
  zpmr_debian_package(tools zpmr-tools devel
    "zpmr-compare replays traces of a program's allocations on each allocator,
and says which suits it.")
  # Debian wants a manual page of each program. This one is what `--help` says.
  find_program(ZPMR_HELP2MAN help2man REQUIRED)
  set(manual ${PROJECT_BINARY_DIR}/zpmr-compare.1)
  add_custom_command(
    OUTPUT ${manual}.gz
    COMMAND ${ZPMR_HELP2MAN} --no-info --version-string=${PROJECT_VERSION} --output=${manual}
            "--name=replay a program's allocations on each allocator" ./zpmr-compare
    COMMAND ${ZPMR_GZIP} -9nf ${manual}
    WORKING_DIRECTORY $<TARGET_FILE_DIR:zpmr-compare> # help2man takes no path with a space in it
    DEPENDS zpmr-compare
    VERBATIM)
  add_custom_target(zpmr_manual ALL DEPENDS ${manual}.gz)
  install(FILES ${manual}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tools)
  set(CPACK_COMPONENT_TOOLS_DEPENDS runtime)
  set(CPACK_DEBIAN_TOOLS_PACKAGE_RECOMMENDS gnuplot-nox) # for --html
endif()

include(CPack)
