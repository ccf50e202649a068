# SPDX-License-Identifier: MIT
#
# The metrics over HTTP, and as a Prometheus server understands them. `./dev test` unpacks one;
# Debian's package would start it with the system.

find_program(ZPMR_PROMETHEUS prometheus HINTS ${PROJECT_SOURCE_DIR}/build/prometheus/usr/bin)
foreach(case IN ITEMS scrape bad_input ask_prometheus)
  add_test(NAME serve_metrics_${case}
           COMMAND bash ${CMAKE_CURRENT_LIST_DIR}/serve_metrics/test.sh
                   $<TARGET_FILE:serve_metrics> ${case} ${ZPMR_PROMETHEUS})
  set_tests_properties(serve_metrics_${case} PROPERTIES
    SKIP_RETURN_CODE 77 TIMEOUT 300 ENVIRONMENT TSAN_OPTIONS=detect_deadlocks=0)
endforeach()
