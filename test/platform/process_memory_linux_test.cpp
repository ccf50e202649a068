// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE process_memory_linux
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <optional>
#include <string>

#include "platform/process_memory_linux.hpp"
#include "support/file_tree.hpp"
#include "support/recorded.hpp"

namespace {

using zpmr::process_memory;
using zpmr::detail::read_process_memory;
using zpmr::detail::read_smaps_field;
using zpmr::test::file_tree;
using zpmr::test::recorded;

constexpr std::size_t kibibyte = 1024;

constexpr std::string_view two_mappings =
    "5576d9c15000-5576d9c17000 r--p 00000000 08:01 123   /usr/bin/Rss: 9 kB\n"
    "Size:                  8 kB\n"
    "KernelPageSize:        4 kB\n"
    "Rss:                   8 kB\n"
    "Private_Dirty:         4 kB\n"
    "AnonHugePages:         0 kB\n"
    "THPeligible:           0\n"
    "VmFlags: rd mr mw me sd \n"
    "7ffd94980000-7ffd949a2000 rw-p 00000000 00:00 0     [stack]\n"
    "Size:                136 kB\n"
    "KernelPageSize:        4 kB\n"
    "Rss:                  20 kB\n"
    "Private_Dirty:        16 kB\n"
    "AnonHugePages:         0 kB\n"
    "THPeligible:           0\n"
    "VmFlags: rd wr mr mw me gd ac \n";

}  // namespace

BOOST_AUTO_TEST_CASE(every_field_comes_from_its_file) {
  const process_memory memory = read_process_memory(recorded("bare_host_hybrid"));
  BOOST_TEST((memory == process_memory{.resident = 52224 * kibibyte,
                                       .peak_resident = 61240 * kibibyte,
                                       .private_dirty = 46820 * kibibyte,
                                       .anonymous_huge_pages = 8192 * kibibyte,
                                       .swapped = 512 * kibibyte,
                                       .physical = 24684084 * kibibyte,
                                       .cgroup_usage = 611237888}));
}

BOOST_AUTO_TEST_CASE(without_any_files_nothing_is_known) {
  BOOST_TEST((read_process_memory(file_tree{}.root()) == process_memory{}));
  BOOST_TEST(!read_smaps_field(file_tree{}.root(), "Rss"));
}

BOOST_AUTO_TEST_CASE(an_old_kernel_has_the_mappings_added_up_here) {
  const file_tree tree{{"proc/self/smaps", two_mappings}};
  BOOST_TEST((read_process_memory(tree.root()) == process_memory{.resident = 28 * kibibyte,
                                                                 .private_dirty = 20 * kibibyte,
                                                                 .anonymous_huge_pages = 0}));
  BOOST_TEST((read_smaps_field(tree.root(), "Rss") == 28 * kibibyte));
}

BOOST_AUTO_TEST_CASE(a_sandbox_without_mappings_still_has_the_status) {
  const process_memory memory = read_process_memory(recorded("docker_v1"));
  BOOST_TEST((memory.resident == 52104 * kibibyte));
  BOOST_TEST((memory.swapped == 512 * kibibyte));
  BOOST_TEST((memory.peak_resident == 61240 * kibibyte));
  BOOST_TEST(!memory.private_dirty);
  BOOST_TEST((memory.cgroup_limit == 512 * 1024 * kibibyte));
}

BOOST_AUTO_TEST_CASE(the_peak_is_never_below_what_is_resident) {
  const file_tree tree{{"proc/self/smaps_rollup", "Rss: 200 kB\n"},
                       {"proc/self/status", "VmHWM:\t 100 kB\nVmRSS:\t 90 kB\n"}};
  const process_memory memory = read_process_memory(tree.root());
  BOOST_TEST((memory.resident == 200 * kibibyte));
  BOOST_TEST((memory.peak_resident == 200 * kibibyte));
}

BOOST_AUTO_TEST_CASE(any_field_can_be_asked_for_with_or_without_its_colon) {
  const std::string root = recorded("bare_host_hybrid");
  BOOST_TEST((read_smaps_field(root, "Private_Dirty") == 46820 * kibibyte));
  BOOST_TEST((read_smaps_field(root, "Private_Dirty:") == 46820 * kibibyte));
  BOOST_TEST((read_smaps_field(root, "LazyFree") == 0U));
}

BOOST_AUTO_TEST_CASE(a_field_whose_name_others_begin_with_is_told_alone) {
  const file_tree tree{{"proc/self/smaps_rollup", "Pss: 8 kB\nPss_Anon: 5 kB\nPss_File: 3 kB\n"}};
  BOOST_TEST((read_smaps_field(tree.root(), "Pss") == 8 * kibibyte));
}

BOOST_AUTO_TEST_CASE(a_field_that_only_the_mappings_have_is_added_up) {
  const file_tree tree{{"proc/self/smaps_rollup", "Rss: 28 kB\n"},
                       {"proc/self/smaps", two_mappings}};
  BOOST_TEST((read_smaps_field(tree.root(), "Size") == 144 * kibibyte));
}

BOOST_AUTO_TEST_CASE(what_is_no_field_or_no_size_is_not_known) {
  const file_tree tree{{"proc/self/smaps", two_mappings}};
  for (const char* name : {"", ":", "RSS", "Rs", "Rss::", "Rss: 9 kB", "THPeligible", "VmFlags",
                           "5576d9c15000-5576d9c17000 r--p 00000000 08"}) {
    BOOST_TEST(!read_smaps_field(tree.root(), name), '"' << name << '"');
  }
}

BOOST_AUTO_TEST_CASE(malformed_sizes_are_not_known) {
  for (const char* line :
       {"Rss:\n", "Rss: kB\n", "Rss: 12\n", "Rss: 12 MB\n", "Rss: -12 kB\n", "Rss: 1 2 kB\n",
        "Rss: max kB\n", "Rss: 12 kB", "Rss 12 kB\n", "Rss: 18014398509481984 kB\n",
        "Rss: 99999999999999999999 kB\n", "Rss: 9007199254740992 kB\nRss: 9007199254740992 kB\n",
        "Rss: 12 kB\nRss: garbage\n"}) {
    const file_tree tree{{"proc/self/smaps_rollup", line}, {"proc/meminfo", "MemTotal: 1 kB\n"}};
    const process_memory memory = read_process_memory(tree.root());
    BOOST_TEST(!memory.resident, '"' << line << '"');
    BOOST_TEST((memory.physical == kibibyte));
  }
}

BOOST_AUTO_TEST_CASE(reading_an_empty_or_strange_system_is_harmless) {
  const std::string garbage(10000, '\xff');
  const std::string zeros(10000, '\0');
  for (const std::string& text : {std::string(), std::string(100, '\n'), garbage, zeros,
                                  garbage + '\n' + zeros + '\n', std::string(5000, ':') + '\n'}) {
    const file_tree tree{{"proc/self/cgroup", text}, {"proc/self/mountinfo", text},
                         {"proc/self/smaps", text},  {"proc/self/smaps_rollup", text},
                         {"proc/self/status", text}, {"proc/meminfo", text}};
    BOOST_TEST((read_process_memory(tree.root()) == process_memory{}));
  }
}
