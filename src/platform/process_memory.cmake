# SPDX-License-Identifier: MIT
# Each system tells of the process's memory in its own way; included by src/CMakeLists.txt.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  target_sources(zpmr PRIVATE platform/cgroup.cpp platform/cgroup_location.cpp
                              platform/kilobyte_fields.cpp platform/process_memory_linux.cpp
                              platform/text_file.cpp)
elseif(CMAKE_SYSTEM_NAME STREQUAL "Darwin")
  target_sources(zpmr PRIVATE platform/process_memory_macos.cpp platform/no_smaps.cpp)
elseif(CMAKE_SYSTEM_NAME STREQUAL "FreeBSD")
  target_sources(zpmr PRIVATE platform/process_memory_freebsd.cpp platform/no_smaps.cpp)
elseif(CMAKE_SYSTEM_NAME MATCHES "OpenBSD|NetBSD")
  target_sources(zpmr PRIVATE platform/process_memory_openbsd_netbsd.cpp platform/no_smaps.cpp)
else()
  target_sources(zpmr PRIVATE platform/process_memory_generic.cpp platform/no_smaps.cpp)
endif()
