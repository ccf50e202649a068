// SPDX-License-Identifier: MIT
//
// The whole of Boost.Test, with its main: for standard libraries that the installed one was not
// built with.

#include <boost/test/included/unit_test.hpp>
