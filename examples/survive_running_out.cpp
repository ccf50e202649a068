// SPDX-License-Identifier: MIT

/// \file
/// A test that code survives running out of memory, wherever in it that happens.

#include <iostream>
#include <memory_resource>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>
#include <zpmr/fail_each_allocation.hpp>
#include <zpmr/failing_resource.hpp>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

/// Two columns that always have the same length, or so they say.
class table {
 public:
  explicit table(std::pmr::memory_resource* memory) : names_(memory), texts_(memory) {}

  void add_carelessly(std::string_view name, std::string_view text) {
    names_.emplace_back(name);
    texts_.emplace_back(text);  // where this throws, the name is already there
  }

  void add(std::string_view name, std::string_view text) {
    texts_.emplace_back(text);
    try {
      names_.emplace_back(name);
    } catch (...) {
      texts_.pop_back();
      throw;
    }
  }

  void check() const {
    if (names_.size() != texts_.size()) throw std::runtime_error("the columns differ in length");
  }

 private:
  std::pmr::vector<std::pmr::string> names_;
  std::pmr::vector<std::pmr::string> texts_;
};

/// Adds a row to a new table, and looks at the table also where that runs out of memory.
template <class Add>
void use_table(std::pmr::memory_resource* memory, Add add) {
  table rows{memory};
  try {
    (rows.*add)("a name that is too long for its own buffer", "a text for which that is true too");
  } catch (const std::bad_alloc&) {
    rows.check();
    throw;
  }
  rows.check();
}

int main() {
  //! [rules]
  zpmr::failure_schedule failures{{.nth = 3}};
  zpmr::failing_resource scarce{zpmr::default_allocator(), failures};
  zpmr::counting_resource memory{&scarce, "table"};
  try {
    use_table(&memory, &table::add_carelessly);
  } catch (const std::runtime_error& fault) {
    std::cout << "With the third allocation failing " << fault.what() << ".\n";
  }
  //! [rules]
  expect(failures.failures() == 1);

  //! [loop]
  const auto fail_each = [&](auto add) {
    return zpmr::fail_each_allocation(failures, {&memory.tracker()},
                                      [&] { use_table(&memory, add); });
  };
  try {
    static_cast<void>(fail_each(&table::add_carelessly));
  } catch (const std::logic_error& fault) {
    std::cout << fault.what() << '\n';
  }
  const auto tried = fail_each(&table::add);
  std::cout << "The careful one survived all " << tried << " failures.\n";
  //! [loop]
  expect(tried == 8 && memory.bytes_in_use() == 0);
}
