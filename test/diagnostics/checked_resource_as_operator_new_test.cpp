// SPDX-License-Identifier: MIT
#define BOOST_TEST_MODULE checked_resource_as_operator_new

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <memory>
#include <memory_resource>
#include <new>
#include <sstream>
#include <string>
#include <vector>
#include <zpmr/checked_resource.hpp>
#include <zpmr/detail/request.hpp>

#include "support/misuses.hpp"

// All of this program's operator new leads to a checked resource while it has one: also what
// printing a stack, a handler and the list of leaks take.

namespace {

struct malloc_resource final : std::pmr::memory_resource {
 private:
  void* do_allocate(std::size_t bytes, std::size_t) override {
    return zpmr::detail::checked_block(std::malloc(bytes));
  }
  void do_deallocate(void* block, std::size_t, std::size_t) override { std::free(block); }
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }
};

constinit malloc_resource plain;
constinit std::pmr::memory_resource* behind_new = &plain;

/// What is in front of each block, as a free may know neither size nor resource.
struct alignas(16) origin {
  std::pmr::memory_resource* resource;
  std::size_t bytes;
};

}  // namespace

void* operator new(std::size_t bytes) {
  auto* const place = static_cast<origin*>(behind_new->allocate(bytes + sizeof(origin)));
  *place = {behind_new, bytes};
  return place + 1;
}
void operator delete(void* block) noexcept {
  if (block == nullptr) return;
  const origin* const place = static_cast<origin*>(block) - 1;
  place->resource->deallocate(const_cast<origin*>(place), place->bytes + sizeof(origin));
}
void operator delete(void* block, std::size_t) noexcept {
  ::operator delete(block);
}

BOOST_AUTO_TEST_CASE(nothing_leads_back_into_it_for_ever) {
  zpmr::test::noting_handler handler;
  std::string text;
  handler.then = [&](const zpmr::misuse& fault) {
    std::ostringstream out;
    out << fault;
    text = std::move(out).str();
  };
  // Not destroyed, as others may keep what they allocate meanwhile.
  static auto& memory = *new zpmr::checked_resource(&plain, "new", {.handler = &handler});
  behind_new = &memory;
  auto words = std::make_unique<std::vector<std::string>>();
  for (int i = 0; i < 100; ++i) words->push_back(std::string(200, 'x'));
  zpmr::test::write_byte((*words)[7].data(), 201);
  const std::size_t places = memory.leaks().size();
  const std::size_t faults = memory.verify();
  words.reset();
  behind_new = &plain;
  BOOST_TEST(places >= 2U);
  BOOST_TEST(faults == 1U);
  BOOST_TEST(handler.faults.size() == 1U);
  BOOST_TEST(text.find("written to past its end, first at byte 217") != std::string::npos, text);
}
