# SPDX-License-Identifier: MIT

add_test(NAME make_trace
         COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/make_trace/test.sh $<TARGET_FILE:make_trace>)
