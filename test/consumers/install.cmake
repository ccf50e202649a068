# SPDX-License-Identifier: MIT
#
# Installs the build tree ${zpmr_build}, and moves what was installed to ${prefix}: whoever uses it there
# shows that it can be moved.

cmake_minimum_required(VERSION 3.25)

set(first ${prefix}.first)
file(REMOVE_RECURSE ${first} ${prefix})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${zpmr_build} --config ${config} --prefix ${first}
                COMMAND_ERROR_IS_FATAL ANY)
file(RENAME ${first} ${prefix})

file(GLOB_RECURSE texts ${prefix}/*.cmake ${prefix}/*.pc ${prefix}/*.h ${prefix}/*.hpp)
if(NOT texts)
  message(FATAL_ERROR "Nothing was installed in ${prefix}")
endif()
foreach(text IN LISTS texts)
  file(READ ${text} content)
  foreach(place IN ITEMS ${first} ${zpmr_source} ${zpmr_build})
    string(FIND "${content}" "${place}" found)
    if(NOT found EQUAL -1)
      message(FATAL_ERROR "${text} names ${place}, where the next user has nothing")
    endif()
  endforeach()
endforeach()
