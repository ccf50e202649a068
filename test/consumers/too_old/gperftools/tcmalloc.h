/* SPDX-License-Identifier: MIT
   What a gperftools that is too old says of itself. */
#define TC_VERSION_MAJOR 2
#define TC_VERSION_MINOR 6
