# SPDX-License-Identifier: MIT
"""conan create packaging/conan: zpmr, of the source that this file lies in."""

import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load


class ZpmrConan(ConanFile):
    name = "zpmr"
    license = "MIT"
    description = "Memory resources that count, and cap, for next to nothing"
    topics = ("memory", "pmr", "allocator", "zmalloc")
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False]}
    default_options = {"shared": False}
    package_type = "library"

    def set_version(self):
        project = load(self, os.path.join(self.recipe_folder, "..", "..", "CMakeLists.txt"))
        self.version = re.search(r"project\(zpmr VERSION ([0-9.]+)", project).group(1)

    def export_sources(self):
        source = os.path.join(self.recipe_folder, "..", "..")
        for pattern in ("CMakeLists.txt", "cmake/*", "include/*", "src/*", "tools/gdb/*", "packaging/debian/*"):
            copy(self, pattern, source, self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def validate(self):
        check_min_cppstd(self, 20)

    # jemalloc and gperftools are the system's (libjemalloc-dev, libgoogle-perftools-dev): zpmr makes
    # private copies of their archives.
    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("TESTS", "EXAMPLES", "TOOLS"):
            toolchain.cache_variables["ZPMR_BUILD_" + part] = "OFF"
        for part in ("PROMETHEUS", "DIAGNOSTICS"):
            toolchain.cache_variables["ZPMR_WITH_" + part] = "OFF"
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()
        copy(self, "copyright", os.path.join(self.source_folder, "packaging", "debian"),
             os.path.join(self.package_folder, "licenses"))

    # Its own package configuration is as good as any that Conan could make.
    def package_info(self):
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = [os.path.join("lib", "cmake", "zpmr")]
