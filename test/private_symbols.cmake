# SPDX-License-Identifier: MIT
#
# Fails unless the private copies of the allocators show exactly the entry points they should, and
# the library takes none of the program's names.

function(defined_symbols file result)
  set(table "")
  if(file MATCHES "\\.so")
    set(table -D)
  endif()
  execute_process(COMMAND ${nm} ${table} --defined-only --extern-only ${file}
                  OUTPUT_VARIABLE lines COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL " [A-Za-z] [^\n]+" symbols "${lines}")
  list(TRANSFORM symbols REPLACE "^ [A-Za-z] " "")
  list(SORT symbols)
  set(${result} ${symbols} PARENT_SCOPE)
endfunction()

set(found "")
foreach(object IN LISTS objects)
  defined_symbols(${object} symbols)
  list(APPEND found ${symbols})
endforeach()
list(SORT found)
list(SORT entries)
if(NOT found STREQUAL entries)
  set(extra ${found})
  list(REMOVE_ITEM extra ${entries})
  set(missing ${entries})
  list(REMOVE_ITEM missing ${found})
  message(FATAL_ERROR "Global but not an entry point: ${extra}\nNot found: ${missing}")
endif()

# malloc and its kin, operator new and delete, and what is never anyone's but the allocators'.
set(foreign "^(malloc|calloc|realloc|free|cfree|memalign|aligned_alloc|posix_memalign|valloc|pvalloc)$")
string(APPEND foreign "|^_Z(n|d)(w|a|l)|^(mallocx|nallocx|mallctl|malloc_usable_size|sbrk)$")
if(library MATCHES "\\.so")
  string(APPEND foreign "|^zpmr_(je|tc|MallocExtension)_")
endif()
defined_symbols(${library} symbols)
list(FILTER symbols INCLUDE REGEX "${foreign}")
list(FILTER symbols EXCLUDE REGEX "^_Z(n[wa]mPv|d[la]PvS_)$") # placement new and delete: anyone's
if(library MATCHES "\\.so") # but for what other libraries call
  file(READ ${exports} map)
  string(REGEX MATCHALL "zpmr_(je|tc)_[a-z_]+" exported "${map}")
  list(REMOVE_ITEM symbols ${exported})
endif()
if(symbols)
  message(FATAL_ERROR "${library} takes names that are not its own: ${symbols}")
endif()
