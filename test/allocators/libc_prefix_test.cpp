// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE libc_prefix
#include <boost/test/unit_test.hpp>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>
#include <zpmr/libc_resource.hpp>

#include "support/death.hpp"
#include "support/libc_messages.hpp"

using zpmr::libc;

BOOST_AUTO_TEST_CASE(a_prefix_tells_the_size_that_was_requested) {
  for (std::size_t alignment = 1; alignment <= 65536; alignment *= 2) {
    for (std::size_t bytes : {0U, 1U, 7U, 8U, 100U, 5000U, 300000U}) {
      void* block = libc()->allocate(bytes, alignment);
      std::memset(block, 0xff, bytes);
      BOOST_TEST(libc()->block_size(block) == bytes);
      libc()->deallocate(block, bytes, alignment);
    }
  }
}

#if ZPMR_CHECKED

namespace {

using zpmr::test::message_of_abort;
using zpmr::test::named_libc_block;

// Returns: the message where a block is freed whose prefix, which says `said`, was not written
// here.
std::string overwritten(const void* block, std::size_t bytes, const std::string& said) {
  return named_libc_block(block) + " freed with " + std::to_string(bytes) +
         " bytes, but its prefix, which says " + said +
         ", was overwritten, or it was not allocated here\n";
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_overwritten_prefix_is_caught) {
  auto* block = static_cast<unsigned char*>(libc()->allocate(32));
  // What the prefix says then depends on the byte that was overwritten.
  const auto is_told = [&](const std::string& message, const char* before, const char* after) {
    return message.starts_with(named_libc_block(block) + before) &&
           message.ends_with(std::string(after) +
                             " was overwritten, or it was not allocated here\n");
  };
  for (int distance = 1; distance <= 8; ++distance) {
    for (int bits : {0x01, 0x10, 0x80, 0xff}) {
      const auto overwrite = [&] { block[-distance] ^= static_cast<unsigned char>(bits); };
      overwrite();
      BOOST_TEST(is_told(message_of_abort([&] { libc()->deallocate(block, 32); }),
                         " freed with 32 bytes, but its prefix, which says ", ","));
      BOOST_TEST(is_told(message_of_abort([&] { (void)libc()->block_size(block); }),
                         ": its prefix, which says ", " bytes,"));
      overwrite();
    }
  }
  libc()->deallocate(block, 32);
}

BOOST_AUTO_TEST_CASE(a_prefix_of_only_zeros_or_ones_is_caught) {
  auto* block = static_cast<unsigned char*>(libc()->allocate(32));
  for (const auto& [byte, said] : {std::pair{0, "0"}, std::pair{0xff, "281474976710655"}}) {
    BOOST_TEST(message_of_abort([&] {
                 std::memset(block - 8, byte, 8);
                 libc()->deallocate(block, 32);
               }) == overwritten(block, 32, said));
  }
  libc()->deallocate(block, 32);
}

BOOST_AUTO_TEST_CASE(a_copy_of_a_block_and_its_prefix_is_caught) {
  auto* block = static_cast<unsigned char*>(libc()->allocate(128, 128));
  std::memcpy(block + 48, block - 16, 48);
  BOOST_TEST(message_of_abort([&] { libc()->deallocate(block + 64, 128, 128); }) ==
             overwritten(block + 64, 128, "128"));
  libc()->deallocate(block, 128, 128);
}

BOOST_AUTO_TEST_CASE(a_pointer_from_elsewhere_is_caught) {
  alignas(16) static unsigned char elsewhere[64] = {};
  BOOST_TEST(message_of_abort([] { libc()->deallocate(elsewhere + 32, 0); }) ==
             overwritten(elsewhere + 32, 0, "0"));
}

#endif
