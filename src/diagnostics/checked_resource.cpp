// SPDX-License-Identifier: MIT
#include <bit>
#include <new>
#include <zpmr/checked_resource.hpp>
#include <zpmr/detail/request.hpp>

#include "base/check.hpp"
#include "diagnostics/checked_blocks.hpp"
#include "diagnostics/findings.hpp"
#include "diagnostics/leaks_by_stack.hpp"
#include "diagnostics/sample_countdown.hpp"

namespace zpmr {
namespace {

using detail::checked_blocks;
using detail::findings;
using detail::guarded_layout;

[[gnu::tls_model("initial-exec")]] constinit thread_local detail::sample_countdown countdown;

bool may_be_sample(const checked_blocks& blocks, const void* block) noexcept {
  return reinterpret_cast<std::uintptr_t>(block) % detail::sample_alignment == 0 &&
         blocks.may_know(block);
}

/// Effects: gives blocks back until the quarantine holds at most `most_bytes`.
/// Returns: whether there was one to give back.
bool shrink_quarantine(const checked_resource& resource, checked_blocks& blocks,
                       std::size_t most_bytes, findings& found) noexcept {
  bool any = false;
  while (const auto block = blocks.release_oldest(most_bytes)) {
    any = true;
    const auto damage = detail::mend_retired(block->start, block->bytes, resource.options().freed);
    if (damage) found.tell({damage->kind, resource, {}, block, damage->offset, call_stack::here()});
    const guarded_layout layout = blocks.layout(block->bytes, block->alignment);
    auto* const start = static_cast<std::byte*>(const_cast<void*>(block->start)) - layout.front;
    detail::open(start, layout.total);
    resource.upstream_resource()->deallocate(start, layout.total, layout.alignment);
  }
  return any;
}

/// Effects: takes a block from the upstream; where that has no more, the quarantine makes room.
/// Throws: what the upstream throws, and what the handler throws.
std::byte* allocate_from_upstream(const checked_resource& resource, checked_blocks& blocks,
                                  const guarded_layout& layout) {
  for (;;) {
    try {
      return static_cast<std::byte*>(
          resource.upstream_resource()->allocate(layout.total, layout.alignment));
    } catch (const std::bad_alloc&) {
      findings found(resource);
      const bool made_room = shrink_quarantine(resource, blocks, 0, found);
      found.pass_on();
      if (!made_room) throw;
    }
  }
}

/// Effects: tells what is wrong with a block in use that is about to be freed.
void look_at(const checked_resource& resource, const known_block& block, const free_call& call,
             call_stack where, findings& found) noexcept {
  if (call.bytes != block.bytes || call.alignment != block.alignment) {
    found.tell({misuse_kind::mismatched_free, resource, call, block, 0, where});
  }
  while (const auto damage = detail::mend_guards(block.start, block.bytes)) {
    found.tell({damage->kind, resource, call, block, damage->offset, where});
  }
}

}  // namespace

checked_resource::checked_resource(std::pmr::memory_resource* upstream, std::string_view name,
                                   const checked_options& options)
    : upstream_(upstream),
      samples_per_byte_(
          options.sample_interval != 0 ? 1 / static_cast<double>(options.sample_interval) : 0),
      blocks_(checked_blocks::make(name, options)),
      options_(options) {
  ZPMR_EXPECTS(upstream != nullptr, "a checked_resource needs an upstream");
}

checked_resource::~checked_resource() {
  verify();
  detail::tell_leaks(*this, *blocks_);
  findings found(*this);
  shrink_quarantine(*this, *blocks_, 0, found);
  found.pass_on();
  checked_blocks::recycle(blocks_);
}

void* checked_resource::do_allocate(std::size_t bytes, std::size_t alignment) {
  ZPMR_EXPECTS(std::has_single_bit(alignment), "the alignment must be a power of two");
  if (!detail::can_exist(bytes, alignment)) [[unlikely]] {
    detail::throw_bad_alloc();
  }
  if (samples_per_byte_ == 0) return allocate_checked(bytes, alignment);
  if (countdown.hits(detail::at_least_one(bytes), samples_per_byte_)) [[unlikely]] {
    return allocate_sample(bytes, alignment);
  }
  return allocate_unpicked(bytes, alignment);
}

void* checked_resource::allocate_sample(std::size_t bytes, std::size_t alignment) {
  try {
    return allocate_checked(bytes, alignment);
  } catch (const std::bad_alloc&) {
    // To look is worth no refusal of what fits without.
    return allocate_unpicked(bytes, alignment);
  }
}

void* checked_resource::allocate_unpicked(std::size_t bytes, std::size_t alignment) {
  void* const block = upstream_->allocate(bytes, alignment);
  if (may_be_sample(*blocks_, block)) [[unlikely]] {
    // A sample that lay there is lost: the upstream was emptied beneath us.
    while (const auto lost = blocks_->drop(block)) {
      const guarded_layout layout = blocks_->layout(lost->bytes, lost->alignment);
      detail::open(static_cast<std::byte*>(block) - layout.front, layout.total);
    }
  }
  return block;
}

void* checked_resource::allocate_checked(std::size_t bytes, std::size_t alignment) {
  const guarded_layout layout = blocks_->layout(bytes, alignment);
  if (!detail::can_exist(layout.total, layout.alignment)) [[unlikely]] {
    detail::throw_bad_alloc();
  }
  std::byte* const start = allocate_from_upstream(*this, *blocks_, layout);
  std::byte* const block = start + layout.front;
  detail::write_guards(block, bytes);
  if (!blocks_->add(block, bytes, alignment, call_stack::here())) [[unlikely]] {
    detail::open(start, layout.total);
    upstream_->deallocate(start, layout.total, layout.alignment);
    detail::throw_bad_alloc();
  }
  return block;
}

void checked_resource::do_deallocate(void* block, std::size_t bytes, std::size_t alignment) {
  if (samples_per_byte_ != 0 && !may_be_sample(*blocks_, block)) [[likely]] {
    return upstream_->deallocate(block, bytes, alignment);
  }
  deallocate_checked({block, bytes, alignment});
}

void checked_resource::deallocate_checked(const free_call& call) {
  const auto [leaving, freed_before] = blocks_->take(call.block);
  if (samples_per_byte_ != 0 && leaving == nullptr && !freed_before) {
    return upstream_->deallocate(const_cast<void*>(call.block), call.bytes, call.alignment);
  }
  const call_stack where = call_stack::here();
  findings found(*this);
  if (leaving != nullptr) {
    look_at(*this, leaving->facts, call, where, found);
    detail::retire(call.block, leaving->facts.bytes, options_.freed);
    blocks_->quarantine(leaving, where);
    shrink_quarantine(*this, *blocks_, options_.quarantine_bytes, found);
  } else if (freed_before) {
    found.tell({misuse_kind::freed_twice, *this, call, freed_before, 0, where});
  } else {
    const auto around = blocks_->containing(call.block);
    const std::ptrdiff_t offset = around ? static_cast<const std::byte*>(call.block) -
                                               static_cast<const std::byte*>(around->start)
                                         : 0;
    found.tell({misuse_kind::unknown_block, *this, call, around, offset, where});
  }
  found.pass_on();
}

std::size_t checked_resource::verify() {
  findings found(*this);
  while (const auto damaged = blocks_->mend()) {
    const auto& [block, damage] = *damaged;
    found.tell({damage.kind, *this, {}, block, damage.offset, call_stack::here()});
  }
  found.pass_on();
  return found.count();
}

std::vector<leak> checked_resource::leaks() const {
  const detail::leaks_by_stack all(*blocks_);
  return {all.largest_first().begin(), all.largest_first().end()};
}

std::size_t checked_resource::quarantined_bytes() const noexcept {
  return blocks_->quarantined_bytes();
}

std::string_view checked_resource::name() const noexcept {
  return blocks_->name();
}

}  // namespace zpmr
