# SPDX-License-Identifier: MIT
#
# What looking for either allocator needs.

# Stops, with what to do about it, if the cache variable <result> shows that <what> was not found.
function(zpmr_require_found result what package backend)
  if(NOT ${result})
    message(FATAL_ERROR "${what} was not found: install ${package}, "
                        "or set ZPMR_WITH_${backend}=OFF")
  endif()
endfunction()

function(zpmr_require_version name found needed)
  if(found VERSION_LESS needed)
    message(FATAL_ERROR "${name} ${found} is too old: ${needed} or newer is needed")
  endif()
endfunction()

# Sets <result> to the numbers that the header gives the macros, joined by dots.
function(zpmr_read_macros header result)
  set(numbers "")
  foreach(macro IN LISTS ARGN)
    file(STRINGS ${header} line REGEX "define[ \t]+${macro}[ \t]+[0-9]+" LIMIT_COUNT 1)
    string(REGEX MATCH "[0-9]+$" number "${line}")
    list(APPEND numbers ${number})
  endforeach()
  list(JOIN numbers "." version)
  set(${result} ${version} PARENT_SCOPE)
endfunction()
