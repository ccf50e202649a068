# SPDX-License-Identifier: MIT
#
# zpmr_add_private_copy(<target> <name> ARCHIVE <file> [LIBRARY <file>] [WITHOUT <member>...]
#                       ENTRIES <from=to>... [WRAP <symbol>...] [SHIM <source>])
#
# Makes a private copy of a static archive a part of <target>: one relocatable object in which only
# the ENTRIES are global, each under its new name. All else becomes local, so the program's malloc,
# free and operator new stay its own. What the archive refers to and LIBRARY has becomes a part of the
# copy too. What it calls through a WRAPped symbol goes to __wrap_<symbol>, which SHIM defines. For the
# tests, the target's properties ZPMR_PRIVATE_OBJECTS and ZPMR_PRIVATE_ENTRIES list the objects and
# their entries' new names.
function(zpmr_add_private_copy target name)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "ARCHIVE;LIBRARY;SHIM" "WITHOUT;ENTRIES;WRAP")

  find_program(ZPMR_LD ld)
  find_program(ZPMR_OBJCOPY objcopy)
  if(NOT ZPMR_LD OR NOT ZPMR_OBJCOPY)
    message(FATAL_ERROR "Private copies of the allocators need GNU ld and objcopy: install "
                        "binutils, or set ZPMR_ALLOCATOR_LINKAGE=system")
  endif()

  set(directory ${CMAKE_CURRENT_BINARY_DIR}/private/${name})
  string(REGEX REPLACE "[^;]+=" "" entries "${arg_ENTRIES}")
  string(REPLACE ";" "\n" kept "${entries}")
  string(REPLACE ";" "\n" renamed "${arg_ENTRIES}")
  string(REPLACE "=" " " renamed "${renamed}")
  file(CONFIGURE OUTPUT ${directory}/kept CONTENT "${kept}\n" @ONLY)
  file(CONFIGURE OUTPUT ${directory}/renamed CONTENT "${renamed}\n" @ONLY)

  set(shim_objects "")
  if(arg_SHIM)
    add_library(zpmr_${name}_shim OBJECT ${arg_SHIM})
    # Without LTO, whatever the program has: its objects have no symbols for objcopy to rename.
    set_target_properties(zpmr_${name}_shim PROPERTIES
      POSITION_INDEPENDENT_CODE ON
      INTERPROCEDURAL_OPTIMIZATION OFF)
    target_compile_options(zpmr_${name}_shim PRIVATE -fno-lto)
    target_compile_features(zpmr_${name}_shim PRIVATE cxx_std_20)
    zpmr_set_warnings(zpmr_${name}_shim)
    # Makefiles do not see from a file that an object library makes it.
    add_dependencies(${target} zpmr_${name}_shim)
    set(shim_objects $<TARGET_OBJECTS:zpmr_${name}_shim>)
  endif()

  set(object ${directory}/zpmr_${name}.o)
  set(script ${PROJECT_SOURCE_DIR}/cmake/make_private_copy.cmake)
  add_custom_command(
    OUTPUT ${object}
    COMMAND ${CMAKE_COMMAND}
      -D archive=${arg_ARCHIVE} -D "library=${arg_LIBRARY}"
      -D "without=${arg_WITHOUT}" -D "wrap=${arg_WRAP}"
      -D "shim=${shim_objects}" -D directory=${directory} -D object=${object}
      -D ar=${CMAKE_AR} -D ld=${ZPMR_LD} -D nm=${CMAKE_NM} -D objcopy=${ZPMR_OBJCOPY}
      -P ${script}
    DEPENDS ${arg_ARCHIVE} ${shim_objects} ${directory}/kept ${directory}/renamed ${script}
    COMMENT "Making the private copy of ${name}"
    VERBATIM)
  set_source_files_properties(${object} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
  target_sources(${target} PRIVATE ${object})
  set_property(TARGET ${target} APPEND PROPERTY ZPMR_PRIVATE_OBJECTS ${object})
  set_property(TARGET ${target} APPEND PROPERTY ZPMR_PRIVATE_ENTRIES ${entries})
endfunction()
