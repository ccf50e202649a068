# SPDX-License-Identifier: MIT
#
# Configures, builds and runs a project that uses zpmr, as its user would.

cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${work})
if(project STREQUAL "find_package")
  run(${CMAKE_COMMAND} --install ${zpmr_build} --config ${config} --prefix ${work}/prefix)
  list(APPEND options -DCMAKE_PREFIX_PATH=${work}/prefix)
else()
  list(APPEND options -DZPMR_SOURCE=${zpmr_source})
endif()

run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/${project} -B ${work}/build
    -D CMAKE_CXX_COMPILER=${compiler} ${options})
run(${CMAKE_COMMAND} --build ${work}/build --parallel 2)
run(${work}/build/consumer)
run(${work}/build/zmalloc_consumer)
# The undefined behaviour sanitizer asks each object for its type.
if(project STREQUAL "find_package" AND NOT "undefined" IN_LIST sanitize)
  run(${work}/build/consumer_without_rtti)
endif()
