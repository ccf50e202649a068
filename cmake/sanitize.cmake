# SPDX-License-Identifier: MIT
#
# ZPMR_SANITIZE: which sanitizers to build with, if the compiler can.

set(ZPMR_SANITIZE "" CACHE STRING "Sanitizers to build with: address, undefined, memory, thread")
string(REPLACE "," ";" ZPMR_SANITIZE "${ZPMR_SANITIZE}") # compilers take commas, CMake semicolons
foreach(sanitizer IN LISTS ZPMR_SANITIZE)
  if(NOT sanitizer MATCHES "^(address|undefined|memory|thread)$")
    message(FATAL_ERROR "ZPMR_SANITIZE has \"${sanitizer}\", "
                        "but it must be a list of: address, undefined, memory, thread")
  endif()
endforeach()

if(ZPMR_SANITIZE)
  include(CheckCXXSourceCompiles)
  list(JOIN ZPMR_SANITIZE "," sanitizers)
  string(MAKE_C_IDENTIFIER "ZPMR_CAN_SANITIZE_${sanitizers}" can_sanitize) # each answer is cached
  set(CMAKE_REQUIRED_FLAGS -fsanitize=${sanitizers})
  check_cxx_source_compiles("int main() {}" ${can_sanitize})
  unset(CMAKE_REQUIRED_FLAGS)
  if(NOT ${can_sanitize})
    message(FATAL_ERROR "The compiler cannot build with ZPMR_SANITIZE=${ZPMR_SANITIZE}: "
                        "choose other sanitizers, or another compiler")
  endif()
endif()
