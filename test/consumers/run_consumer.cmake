# SPDX-License-Identifier: MIT
#
# Configures, builds and runs a project that uses zpmr, as its user would: the installed one below
# ${prefix} if that is given, else its source.

cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(build ${work}/build)
file(REMOVE_RECURSE ${build})
if(prefix)
  list(APPEND options -DCMAKE_PREFIX_PATH=${prefix})
else()
  list(APPEND options -DZPMR_SOURCE=${zpmr_source})
endif()

run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/${project} -B ${build} ${options})
run(${CMAKE_COMMAND} --build ${build} --parallel 2)
run(${build}/app)
run(${build}/c_app)
# The undefined behaviour sanitizer asks each object for its type.
if(EXISTS ${build}/consumer_without_rtti AND NOT "undefined" IN_LIST sanitize)
  run(${build}/consumer_without_rtti)
endif()
if(EXISTS ${build}/opener)
  run(${build}/opener ${build}/libopened.so)
endif()
