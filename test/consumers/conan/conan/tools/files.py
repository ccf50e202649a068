# SPDX-License-Identifier: MIT
import fnmatch
import os
import shutil


def load(conanfile, path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def copy(conanfile, pattern, source, destination):
    found = False
    for directory, _, names in os.walk(source):
        if os.path.relpath(directory, source).startswith(("build", ".")) and directory != source:
            continue
        for name in names:
            path = os.path.relpath(os.path.join(directory, name), source)
            if fnmatch.fnmatch(path, pattern):
                found = True
                os.makedirs(os.path.dirname(os.path.join(destination, path)), exist_ok=True)
                shutil.copy(os.path.join(source, path), os.path.join(destination, path))
    assert found, f"{pattern} names no file in {source}"
