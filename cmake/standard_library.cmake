# SPDX-License-Identifier: MIT
#
# Sets ZPMR_USES_LIBCXX: whether the standard library is libc++, and not the one that distributions
# have built their C++ libraries with.
include(CheckCXXSymbolExists)
check_cxx_symbol_exists(_LIBCPP_VERSION version ZPMR_USES_LIBCXX)
