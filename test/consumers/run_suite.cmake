# SPDX-License-Identifier: MIT
#
# Configures zpmr with ${options}, and builds and runs the tests in ${suite} only.

cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run(${CMAKE_COMMAND} -S ${zpmr_source} -B ${work} -D CMAKE_BUILD_TYPE=Debug -D ZPMR_BUILD_EXAMPLES=OFF
    ${options})
run(${CMAKE_COMMAND} --build ${work} --parallel 2 --target ${suite})
list(JOIN suite "|" names)
run(ctest --test-dir ${work} --output-on-failure --no-tests=error --tests-regex "^(${names})$")
