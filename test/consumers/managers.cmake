# SPDX-License-Identifier: MIT
#
# vcpkg's port and Conan's recipe, as far as they can be run without these two.

if(TARGET zpmr-compare)
  add_test(NAME vcpkg_port_installs
           COMMAND ${CMAKE_COMMAND} -D zpmr_source=${PROJECT_SOURCE_DIR} -D zpmr_build=${PROJECT_BINARY_DIR}
                   -D zpmr_version=${PROJECT_VERSION} -D compiler=${CMAKE_CXX_COMPILER}
                   -D work=${CMAKE_CURRENT_BINARY_DIR}/vcpkg_port
                   -P ${CMAKE_CURRENT_SOURCE_DIR}/vcpkg/run_port.cmake)
endif()

find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
  add_test(NAME conan_recipe_packages
           COMMAND ${Python3_EXECUTABLE} -B ${CMAKE_CURRENT_SOURCE_DIR}/conan/run_recipe.py
                   ${PROJECT_SOURCE_DIR}/packaging/conan ${CMAKE_CURRENT_BINARY_DIR}/conan_recipe
                   ${PROJECT_BINARY_DIR} ${CMAKE_CXX_COMPILER} ${PROJECT_VERSION}
                   "-DCMAKE_CXX_FLAGS=${CMAKE_CXX_FLAGS}"
                   "-DCMAKE_EXE_LINKER_FLAGS=${CMAKE_EXE_LINKER_FLAGS}")
  set_tests_properties(conan_recipe_packages PROPERTIES TIMEOUT 600 ENVIRONMENT "${zpmr_test_environment}")
endif()
