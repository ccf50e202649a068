// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE conformance_trace

#include <boost/test/unit_test.hpp>
#include <memory_resource>
#include <string>
#include <tuple>
#include <zpmr/counting_resource.hpp>
#include <zpmr/libc_resource.hpp>
#include <zpmr/trace_reader.hpp>
#include <zpmr/trace_resource.hpp>

#include "support/file_tree.hpp"
#include "support/sanitizer.hpp"

namespace {

/// Each subject records into a file of its own, and must leave one that can be read.
struct recording {
  recording() { zpmr::start_trace(file.c_str()); }
  ~recording() {
    zpmr::stop_trace();
    zpmr::trace_reader reader{file};
    while (reader.next()) {
    }
  }
  recording(const recording&) = delete;
  recording& operator=(const recording&) = delete;

  const zpmr::test::file_tree tree{};
  const std::string file = tree.root() + "/trace";
};

struct traced {
  static constexpr bool survives_exhaustion = !zpmr::test::malloc_is_replaced;
  recording to_file;
  zpmr::trace_resource one{zpmr::libc()};
  zpmr::trace_resource another{zpmr::libc()};

  auto* resource() { return &one; }
  auto* an_equal() { return &one; }
  auto* unequal() { return &another; }
};

struct traced_and_counted {
  static constexpr bool survives_exhaustion = !zpmr::test::malloc_is_replaced;
  recording to_file;
  zpmr::counting_resource<> counted{zpmr::libc()};
  zpmr::trace_resource one{&counted};
  zpmr::trace_resource another{&counted};

  auto* resource() { return &one; }
  auto* an_equal() { return &one; }
  auto* unequal() { return &another; }
};

struct traced_between_counted : traced_and_counted {
  zpmr::counting_resource<zpmr::trace_resource> top{&one};
  zpmr::counting_resource<zpmr::trace_resource> other{&one};

  auto* resource() { return &top; }
  auto* an_equal() { return &top; }
  auto* unequal() { return &other; }

  ~traced_between_counted() { BOOST_TEST(top.bytes_in_use() == 0U); }
};

using subjects = std::tuple<traced, traced_and_counted, traced_between_counted>;

}  // namespace

#include "support/resource_conformance.hpp"
