# SPDX-License-Identifier: MIT
"""CMake as the recipes call it. The library is not built anew: the build to install is given."""

import subprocess


def cmake_layout(conanfile):
    pass


class CMakeToolchain:
    def __init__(self, conanfile):
        self.conanfile = conanfile
        self.cache_variables = {}

    def generate(self):
        self.conanfile.definitions = [f"-D{name}={value}" for name, value in self.cache_variables.items()]


class CMake:
    def __init__(self, conanfile):
        self.conanfile = conanfile

    def configure(self):
        files = self.conanfile
        done = subprocess.run(
            ["cmake", "-S", files.source_folder, "-B", files.build_folder, *files.definitions],
            check=True, stderr=subprocess.PIPE, text=True)
        assert "not used" not in done.stderr, done.stderr

    def build(self):
        if not self.conanfile.built_already:
            subprocess.run(["cmake", "--build", self.conanfile.build_folder], check=True)

    def install(self):
        subprocess.run(["cmake", "--install", self.conanfile.built_already,
                        "--prefix", self.conanfile.package_folder], check=True, stdout=subprocess.DEVNULL)
