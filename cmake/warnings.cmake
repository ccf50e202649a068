# SPDX-License-Identifier: MIT
#
# zpmr_set_warnings(<target>): the warnings that zpmr's own files must be free of. For its own
# targets only; a user's flags are the user's.
function(zpmr_set_warnings target)
  # clang's -Wconversion warns of changed signs too, that of g++ does not.
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion
                                           -Wnon-virtual-dtor)
  set_target_properties(${target} PROPERTIES
    COMPILE_WARNING_AS_ERROR "${ZPMR_WARNINGS_AS_ERRORS}"
    CXX_EXTENSIONS OFF)
endfunction()
