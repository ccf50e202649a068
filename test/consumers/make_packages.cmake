# SPDX-License-Identifier: MIT
#
# Builds the Debian packages of the source ${zpmr_source} in ${work}, and unpacks all of them in ${root}.

cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${zpmr_source} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(GLOB old ${work}/*.deb)
file(REMOVE_RECURSE ${root} ${old})
run(${CMAKE_COMMAND} --preset package -B ${work} -D CMAKE_CXX_COMPILER=${compiler}
    -D "CPACK_PACKAGE_CONTACT=A Packager <packager@example.org>")
run(${CMAKE_COMMAND} --build ${work} --parallel 2)
run(cpack --config ${work}/CPackConfig.cmake -B ${work})

file(GLOB packages ${work}/*.deb)
foreach(package IN LISTS packages)
  run(dpkg-deb --extract ${package} ${root})
endforeach()
