// SPDX-License-Identifier: MIT
#include "diagnostics/checked_blocks.hpp"

#include <pthread.h>

#include <atomic>
#include <mutex>
#include <new>

#include "base/mapped_pool.hpp"
#include "base/mixed_bits.hpp"
#include "base/never_destroyed.hpp"

namespace zpmr::detail {
namespace {

constexpr unsigned bucket_bits = 18;
constexpr std::size_t remembered_blocks = 1024;

constinit never_destroyed<mapped_pool<checked_blocks>> all_books;
constinit never_destroyed<mapped_pool<block_record>> records;
constinit never_destroyed<std::mutex> mutex;

// That of `records` is taken with `mutex` held only, so it is free.
void lock_all() noexcept {
  all_books.value.lock();
  mutex.value.lock();
}
void unlock_all() noexcept {
  mutex.value.unlock();
  all_books.value.unlock();
}

[[maybe_unused]] const int fork_handlers = pthread_atfork(lock_all, unlock_all, unlock_all);

bool is_gone(const block_record* record) noexcept {
  return record != nullptr && record->state == block_state::gone;
}

}  // namespace

void record_list::push_back(block_record* record) noexcept {
  record->before = last_;
  record->after = nullptr;
  (last_ != nullptr ? last_->after : first_) = record;
  last_ = record;
}

void record_list::remove(block_record* record) noexcept {
  (record->before != nullptr ? record->before->after : first_) = record->after;
  (record->after != nullptr ? record->after->before : last_) = record->before;
}

checked_blocks::checked_blocks() noexcept : buckets_(std::size_t{1} << bucket_bits) {}

checked_blocks::~checked_blocks() {
  const std::scoped_lock lock(mutex.value);
  for (record_list* const list : {&current_, &quarantine_, &gone_}) {
    while (block_record* const record = list->first()) {
      list->remove(record);
      records.value.recycle(record);
    }
  }
}

checked_blocks* checked_blocks::make(std::string_view name, const checked_options& options) {
  checked_blocks* const made = all_books.value.make();
  if (made == nullptr || made->buckets_.all().empty()) {
    if (made != nullptr) recycle(made);
    throw std::bad_alloc{};
  }
  const bool samples = options.sample_interval != 0;
  made->name_[name.copy(made->name_.data(), made->name_.size() - 1)] = '\0';
  made->freed_bytes_ = options.freed;
  made->least_alignment_ = samples ? sample_alignment : 1;
  // Where not all blocks are known, one that is not may have the place of one that is gone.
  made->most_remembered_ = samples ? 0 : remembered_blocks;
  return made;
}

void checked_blocks::recycle(checked_blocks* blocks) noexcept {
  all_books.value.recycle(blocks);
}

block_record*& checked_blocks::bucket_of(const void* block) const noexcept {
  return buckets_.all()[spread(reinterpret_cast<std::uintptr_t>(block)) >> (64 - bucket_bits)];
}

bool checked_blocks::may_know(const void* block) const noexcept {
  // Relaxed: whoever got the block from us, by whatever way, sees that it was added. Of other
  // pointers any answer is right.
  return std::atomic_ref(bucket_of(block)).load(std::memory_order_relaxed) != nullptr;
}

block_record* checked_blocks::find(const void* block) const noexcept {
  block_record* record = bucket_of(block);
  while (record != nullptr && record->facts.start != block) record = record->next_in_bucket;
  return record;
}

std::uint64_t checked_blocks::add(const void* start, std::size_t bytes, std::size_t alignment,
                                  call_stack allocated) noexcept {
  const std::scoped_lock lock(mutex.value);
  // What lay in the same place should be gone, and is forgotten, so that buckets stay short. Where
  // the upstream was emptied beneath us it is not, and the new block comes before it.
  if (block_record* const former = find(start); is_gone(former)) forget(former);
  block_record* const record = records.value.make();
  if (record == nullptr) return 0;
  block_record*& bucket = bucket_of(start);
  *record = {.facts = {.start = start,
                       .bytes = bytes,
                       .alignment = alignment,
                       .number = ++last_number_,
                       .allocated = allocated,
                       .freed = {}},
             .state = block_state::in_use,
             .next_in_bucket = bucket,
             .before = nullptr,
             .after = nullptr};
  std::atomic_ref(bucket).store(record, std::memory_order_relaxed);  // as in may_know
  current_.push_back(record);
  ++current_count_;
  return last_number_;
}

checked_blocks::finding checked_blocks::take(const void* block) noexcept {
  const std::scoped_lock lock(mutex.value);
  block_record* const record = find(block);
  if (record == nullptr) return {nullptr, std::nullopt};
  if (record->state != block_state::in_use) return {nullptr, record->facts};
  record->state = block_state::leaving;
  return {record, std::nullopt};
}

std::optional<known_block> checked_blocks::containing(const void* pointer) const noexcept {
  const std::scoped_lock lock(mutex.value);
  const auto address = reinterpret_cast<std::uintptr_t>(pointer);
  for (const block_record* each = current_.first(); each != nullptr; each = each->after) {
    const auto start = reinterpret_cast<std::uintptr_t>(each->facts.start);
    if (address >= start && address - start < each->facts.bytes) return each->facts;
  }
  return std::nullopt;
}

void checked_blocks::quarantine(block_record* leaving, call_stack freed) noexcept {
  const std::scoped_lock lock(mutex.value);
  current_.remove(leaving);
  --current_count_;
  leaving->facts.freed = freed;
  leaving->state = block_state::quarantined;
  quarantine_.push_back(leaving);
  quarantined_bytes_ += layout(leaving->facts.bytes, leaving->facts.alignment).total;
}

std::optional<known_block> checked_blocks::release_oldest(std::size_t most_bytes) noexcept {
  const std::scoped_lock lock(mutex.value);
  if (quarantined_bytes_ <= most_bytes) return std::nullopt;
  block_record* const oldest = quarantine_.first();
  const known_block facts = oldest->facts;
  quarantine_.remove(oldest);
  quarantined_bytes_ -= layout(facts.bytes, facts.alignment).total;
  oldest->state = block_state::gone;
  gone_.push_back(oldest);
  if (++remembered_ > most_remembered_) forget(gone_.first());
  return facts;
}

std::optional<known_block> checked_blocks::drop(const void* block) noexcept {
  const std::scoped_lock lock(mutex.value);
  block_record* const record = find(block);
  if (record == nullptr) return std::nullopt;
  const known_block facts = record->facts;
  if (record->state == block_state::in_use) {
    current_.remove(record);
    --current_count_;
  } else if (record->state == block_state::quarantined) {
    quarantine_.remove(record);
    quarantined_bytes_ -= layout(facts.bytes, facts.alignment).total;
  } else {
    return std::nullopt;
  }
  erase(record);
  return facts;
}

void checked_blocks::forget(block_record* record) noexcept {
  gone_.remove(record);
  --remembered_;
  erase(record);
}

void checked_blocks::erase(block_record* record) noexcept {
  block_record*& bucket = bucket_of(record->facts.start);
  if (bucket == record) {
    std::atomic_ref(bucket).store(record->next_in_bucket, std::memory_order_relaxed);
  } else {
    block_record* before = bucket;
    while (before->next_in_bucket != record) before = before->next_in_bucket;
    before->next_in_bucket = record->next_in_bucket;
  }
  records.value.recycle(record);
}

std::optional<damaged_block> checked_blocks::mend() noexcept {
  const std::scoped_lock lock(mutex.value);
  for (const block_record* each = current_.first(); each != nullptr; each = each->after) {
    if (each->state != block_state::in_use) continue;
    const auto found = mend_guards(each->facts.start, each->facts.bytes);
    if (found) return damaged_block{each->facts, *found};
  }
  for (const block_record* each = quarantine_.first(); each != nullptr; each = each->after) {
    const auto found = mend_retired(each->facts.start, each->facts.bytes, freed_bytes_);
    if (found) return damaged_block{each->facts, *found};
  }
  return std::nullopt;
}

std::size_t checked_blocks::quarantined_bytes() const noexcept {
  const std::scoped_lock lock(mutex.value);
  return quarantined_bytes_;
}

std::size_t checked_blocks::in_use() const noexcept {
  const std::scoped_lock lock(mutex.value);
  return current_count_;
}

std::size_t checked_blocks::list_in_use(std::span<leak> leaks) const noexcept {
  const std::scoped_lock lock(mutex.value);
  std::size_t count = 0;
  for (const block_record* each = current_.first(); each != nullptr && count < leaks.size();
       each = each->after) {
    if (each->state != block_state::in_use) continue;
    leaks[count++] = {each->facts.allocated, each->facts.bytes, 1};
  }
  return count;
}

}  // namespace zpmr::detail
