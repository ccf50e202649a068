# SPDX-License-Identifier: MIT
#
# zpmr::prometheus, a library of its own: zpmr itself needs nothing of prometheus-cpp.

if(ZPMR_WITH_PROMETHEUS STREQUAL "OFF")
  return()
endif()
find_package(prometheus-cpp CONFIG QUIET)
if(NOT prometheus-cpp_FOUND)
  if(ZPMR_WITH_PROMETHEUS STREQUAL "ON")
    message(FATAL_ERROR "prometheus-cpp was not found: install prometheus-cpp-dev, "
                        "or set ZPMR_WITH_PROMETHEUS=OFF")
  endif()
  return()
endif()

add_library(zpmr_prometheus src/reports/prometheus.cpp)
add_library(zpmr::prometheus ALIAS zpmr_prometheus)
target_sources(zpmr_prometheus PUBLIC FILE_SET HEADERS BASE_DIRS include
                                      FILES include/zpmr/prometheus.hpp)
target_link_libraries(zpmr_prometheus PUBLIC zpmr::zpmr prometheus-cpp::core)
target_include_directories(zpmr_prometheus PRIVATE src)
zpmr_finish_library(zpmr_prometheus prometheus)
zpmr_install_library(zpmr_prometheus prometheus prometheus "zpmr's figures for Prometheus"
                     REQUIRES zpmr prometheus-cpp-core)
