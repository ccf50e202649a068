# SPDX-License-Identifier: MIT
"""In place of Conan: as much of its ConanFile as zpmr's recipes use."""

import subprocess
from types import SimpleNamespace


class ConanFile:
    def __init__(self, **folders):
        self.__dict__.update(folders)
        self.cpp_info = SimpleNamespace(set_property=lambda name, value: None)
        self.cpp = SimpleNamespace(build=SimpleNamespace(bindir=folders["build_folder"]))
        self.requires = lambda reference: None

    def run(self, command, env=None):
        subprocess.run(command, shell=True, check=True)
