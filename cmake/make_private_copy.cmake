# SPDX-License-Identifier: MIT
#
# Run by the build: turns ${archive} into ${object}, as zpmr_add_private_copy describes.

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(whole ${directory}/whole.a)
set(linked ${directory}/linked.o)

file(COPY_FILE ${archive} ${whole})
if(without)
  run(${ar} d ${whole} ${without})
endif()

# Without --force-group-allocation the COMDAT groups of the copy would be merged with the program's,
# and the copy be left with references to discarded sections. Debug information that refers to a
# wrapped symbol makes binutils 2.40's ld crash, hence --strip-debug.
list(TRANSFORM wrap PREPEND --wrap=)
run(${ld} -r --force-group-allocation --strip-debug ${wrap} -o ${linked} ${shim}
    --whole-archive ${whole} --no-whole-archive ${library})

# objcopy makes no unique symbol local (STB_GNU_UNIQUE), but a weak one it does.
execute_process(COMMAND ${nm} ${linked} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL " u [^\n]+" unique "${symbols}")
list(TRANSFORM unique REPLACE "^ u " "")
list(JOIN unique "\n" unique)
file(WRITE ${directory}/unique "${unique}\n")
run(${objcopy} --weaken-symbols=${directory}/unique ${linked})

run(${objcopy} --redefine-syms=${directory}/renamed --keep-global-symbols=${directory}/kept
    ${linked} ${object})
file(REMOVE ${whole} ${linked})
