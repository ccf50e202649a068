# SPDX-License-Identifier: MIT
"""CMake as the recipes call it. The library is not built anew: the build to install is given."""

import pathlib
import re
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

    # Of the exported source, too, each file that would be installed must be there.
    def install(self):
        source = self.conanfile.source_folder
        named = [name for script in pathlib.Path(self.conanfile.build_folder).rglob("cmake_install.cmake")
                 for name in re.findall(rf'"({re.escape(source)}/[^"]+)"', script.read_text())]
        assert named, f"nothing of {source} would be installed"
        for name in named:
            assert pathlib.Path(name).exists(), f"the recipe does not export {name}, which is to be installed"
        subprocess.run(["cmake", "--install", self.conanfile.built_already,
                        "--prefix", self.conanfile.package_folder], check=True, stdout=subprocess.DEVNULL)
