# SPDX-License-Identifier: MIT
#
# zpmr_set_warnings(<target>): the warnings that zpmr's own files must be free of. For its own
# targets only; a user's flags are the user's.
function(zpmr_set_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow -Wconversion -Wnon-virtual-dtor)
  set_target_properties(${target} PROPERTIES
    COMPILE_WARNING_AS_ERROR "${ZPMR_WARNINGS_AS_ERRORS}"
    CXX_EXTENSIONS OFF)
endfunction()
