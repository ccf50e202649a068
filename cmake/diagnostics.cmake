# SPDX-License-Identifier: MIT
#
# zpmr::diagnostics, a library of its own: zpmr itself needs no Boost.

if(ZPMR_WITH_DIAGNOSTICS STREQUAL "OFF")
  return()
endif()
find_package(Boost 1.74 QUIET COMPONENTS stacktrace_backtrace)
if(TARGET Boost::stacktrace_backtrace)
  # Boost's library is of the C++ library that it was built with.
  include(CheckCXXSourceCompiles)
  set(CMAKE_REQUIRED_LIBRARIES Boost::stacktrace_backtrace)
  set(CMAKE_REQUIRED_DEFINITIONS -DBOOST_STACKTRACE_LINK)
  check_cxx_source_compiles("
    #include <boost/stacktrace/frame.hpp>
    int main() { return boost::stacktrace::frame().name().empty() ? 0 : 1; }" ZPMR_HAS_STACKTRACE)
  unset(CMAKE_REQUIRED_DEFINITIONS)
  unset(CMAKE_REQUIRED_LIBRARIES)
endif()
if(NOT ZPMR_HAS_STACKTRACE)
  if(ZPMR_WITH_DIAGNOSTICS STREQUAL "ON")
    message(FATAL_ERROR "Boost.Stacktrace was not found, or not for this C++ library: "
                        "install libboost-stacktrace-dev, or set ZPMR_WITH_DIAGNOSTICS=OFF")
  endif()
  return()
endif()

add_library(zpmr_diagnostics src/diagnostics/call_stack.cpp src/diagnostics/checked_blocks.cpp src/diagnostics/checked_resource.cpp
                             src/diagnostics/escape_channel.cpp src/diagnostics/escape_guard.cpp src/diagnostics/guards.cpp
                             src/diagnostics/leaks_by_stack.cpp src/diagnostics/misuse.cpp)
add_library(zpmr::diagnostics ALIAS zpmr_diagnostics)
target_sources(zpmr_diagnostics PUBLIC FILE_SET HEADERS BASE_DIRS include
                                       FILES include/zpmr/call_stack.hpp
                                             include/zpmr/checked_resource.hpp
                                             include/zpmr/escape_guard.hpp
                                             include/zpmr/misuse.hpp)
target_link_libraries(zpmr_diagnostics PUBLIC zpmr::zpmr
                                       PRIVATE Boost::stacktrace_backtrace Threads::Threads)
target_include_directories(zpmr_diagnostics PRIVATE src)
# Without BOOST_STACKTRACE_LINK Boost's headers know only what the dynamic linker does.
target_compile_definitions(zpmr_diagnostics PRIVATE BOOST_STACKTRACE_LINK
                                                    $<TARGET_PROPERTY:zpmr,COMPILE_DEFINITIONS>)
zpmr_finish_library(zpmr_diagnostics diagnostics)
zpmr_install_library(zpmr_diagnostics diagnostics diagnostics "Finds misuse of memory resources, and escapes"
                     REQUIRES zpmr PRIVATE -lboost_stacktrace_backtrace -ldl)
