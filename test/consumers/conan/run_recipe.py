# SPDX-License-Identifier: MIT
"""run_recipe.py RECIPES WORK BUILD CXX VERSION [CMAKE_ARGUMENT...]

Takes the steps of conan create with both recipes, with the small module beside this file in place of
Conan. The source that the recipe exports is configured; what is packaged is BUILD, of the same source.
"""

import importlib.util
import os
import shutil
import sys

recipes, work, build, compiler, version, *flags = sys.argv[1:]
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
os.environ["CXX"] = compiler
shutil.rmtree(work, ignore_errors=True)


def recipe(directory, class_name, **folders):
    spec = importlib.util.spec_from_file_location(class_name, os.path.join(directory, "conanfile.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, class_name)(recipe_folder=directory, **folders)


package = os.path.join(work, "package")
source = os.path.join(work, "source")
zpmr = recipe(recipes, "ZpmrConan", export_sources_folder=source, source_folder=source,
              build_folder=os.path.join(work, "build"), package_folder=package, built_already=build)
zpmr.set_version()
assert zpmr.version == version, zpmr.version
for step in ("export_sources", "layout", "validate", "generate", "build", "package", "package_info"):
    getattr(zpmr, step)()
for directory in zpmr.cpp_info.builddirs:
    assert os.path.exists(os.path.join(package, directory, "zpmr-config.cmake")), directory
assert os.path.exists(os.path.join(package, "licenses", "copyright"))

test_recipe = os.path.join(recipes, "test_package")
test = recipe(test_recipe, "ZpmrTestConan", source_folder=test_recipe, built_already="",
              build_folder=os.path.join(work, "test_build"), tested_reference_str=f"zpmr/{version}")
test.definitions = [f"-DCMAKE_PREFIX_PATH={package}", *flags]
for step in ("requirements", "layout", "build", "test"):
    getattr(test, step)()
