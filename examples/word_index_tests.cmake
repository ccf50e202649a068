# SPDX-License-Identifier: MIT
#
# The tests of the demo, and of the headers that quote the examples.

foreach(case
    everything_fits old_words_are_evicted recent_words_stay two_runs_agree files_are_read_in_order
    one_allocator one_file nothing_to_read odd_files very_long_words very_long_line no_room
    bad_input samples samples_without_a_place unreadable_input control_characters lost_output help
    progress_on_terminals_only traces)
  add_test(NAME word_index_${case}
           COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/word_index/test.sh
                   $<TARGET_FILE:word_index> ${case})
endforeach()
if(ZPMR_USES_LIBCXX) # whose file streams take an error of reading for the end of the file
  set_property(TEST word_index_unreadable_input PROPERTY DISABLED ON)
endif()

add_test(NAME snippets
         COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/snippets_test.sh ${PROJECT_SOURCE_DIR})
