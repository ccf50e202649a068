// SPDX-License-Identifier: MIT
#include <zpmr/checked_resource.hpp>

int main() {
  zpmr::checked_resource memory{std::pmr::new_delete_resource()};
  memory.deallocate(memory.allocate(1), 1);
  return static_cast<int>(memory.leaks().size());
}
