// SPDX-License-Identifier: MIT

/// \file
/// Which allocator serves what is decided at run time, in one process, container by container. Try
/// it with ZPMR_MALLOC=tcmalloc in the environment.

#include <iostream>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

void print(std::string_view what, std::optional<std::size_t> bytes) {
  std::cout << "  " << what << ": ";
  if (bytes) {
    std::cout << *bytes << " bytes\n";
  } else {
    std::cout << "the allocator cannot tell\n";
  }
}

void pick() {
  //! [example]
  for (const zpmr::allocator_resource* each : zpmr::allocators()) {
    std::cout << each->name() << " (" << each->version() << ") sets aside "
              << each->usable_size(100, 8) << " bytes for a request of 100\n";
  }
  zpmr::allocator_resource* chosen = zpmr::find_allocator("tcmalloc");
  if (chosen == nullptr) chosen = zpmr::default_allocator();  // ZPMR_MALLOC names another
  const std::pmr::vector<int> numbers(1000, chosen);
  print("in all blocks of " + std::string{chosen->name()}, chosen->stats().allocated);
  //! [example]
  for (zpmr::allocator_resource* each : zpmr::allocators()) {
    expect(zpmr::find_allocator(each->name()) == each && each->usable_size(100, 8) >= 100);
  }
  expect(zpmr::find_allocator("no such allocator") == nullptr);
  expect(numbers.get_allocator().resource() == chosen);
}

#if ZPMR_WITH_JEMALLOC
void use_jemalloc() {
  //! [jemalloc]
  // Naming the type makes every call a direct one; `zpmr::counting_resource<>` would hide it.
  zpmr::counting_resource memory{zpmr::jemalloc(), "index"};
  const std::pmr::string text(1000, 'x', &memory);
  std::cout << "jemalloc counts " << memory.snapshot().requested_bytes_in_use
            << " bytes requested, " << memory.bytes_in_use() << " in use\n";
  print("resident", zpmr::jemalloc()->stats().resident);
  print("retained", zpmr::jemalloc()->stats().retained);
  //! [jemalloc]
  expect(memory.bytes_in_use() == zpmr::jemalloc()->usable_size(1001, 1));
}
#endif

#if ZPMR_WITH_TCMALLOC
void use_tcmalloc() {
  //! [tcmalloc]
  zpmr::counting_resource memory{zpmr::tcmalloc(), "messages"};
  {
    const std::pmr::vector<std::pmr::string> messages(1000, &memory);
    std::cout << "tcmalloc counts " << memory.bytes_in_use() << " bytes in use\n";
  }
  zpmr::tcmalloc()->release_free_memory();  // back to the system, not only to its caches
  print("resident", zpmr::tcmalloc()->stats().resident);
  //! [tcmalloc]
  expect(memory.bytes_in_use() == 0 && memory.peak_bytes() >= 1000 * sizeof(std::pmr::string));
}
#endif

void use_libc() {
  //! [libc]
  // The program's own malloc, with the size of each block kept in front of it.
  void* block = zpmr::libc()->allocate(100);
  std::cout << "libc knows that this block has " << zpmr::libc()->block_size(block)
            << " bytes, and sets aside " << zpmr::libc()->usable_size(100, 16) << '\n';
  zpmr::libc()->deallocate(block, 100);

  // The same without a prefix, for blocks that other code frees or measures.
  zpmr::libc_resource plain{zpmr::libc_block_size::system};
  const std::pmr::string text(1000, 'x', &plain);
  //! [libc]
  expect(zpmr::libc()->usable_size(100, 16) > 100 && text.size() == 1000);
}

int main() {
  pick();
#if ZPMR_WITH_JEMALLOC
  use_jemalloc();
#endif
#if ZPMR_WITH_TCMALLOC
  use_tcmalloc();
#endif
  use_libc();
}
