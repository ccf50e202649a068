# SPDX-License-Identifier: MIT


def check_min_cppstd(conanfile, standard):
    assert standard == 20


def can_run(conanfile):
    return True
