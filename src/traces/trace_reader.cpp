// SPDX-License-Identifier: MIT
#include <array>
#include <charconv>
#include <string>
#include <utility>
#include <zpmr/detail/request.hpp>
#include <zpmr/trace_reader.hpp>

#include "traces/trace_blocks.hpp"
#include "traces/trace_chunks.hpp"
#include "traces/trace_source.hpp"

namespace zpmr {
namespace {

using detail::trace::blocks_in_use;
using detail::trace::gaps;
using detail::trace::raw_event;
using detail::trace::source;

// What a process can address on the systems there are: all blocks together have no more.
constexpr unsigned address_bits = 47;
constexpr std::uint64_t most_bytes = std::uint64_t{1} << address_bits;

/// How files begin, as words of this machine have it.
constexpr detail::trace::word heaptrack_beginning = 'v' | ' ' << 8;
constexpr detail::trace::word gzip_beginning = 0x8b1f;
constexpr detail::trace::word zstd_beginning = 0xfd2fb528;

constexpr bool begins_with(detail::trace::word first, detail::trace::word beginning) noexcept {
  const auto mask = beginning > UINT16_MAX ? UINT32_MAX : UINT16_MAX;
  return (first & mask) == beginning;
}

std::string hexadecimal(std::uint64_t number) {
  std::array<char, 2 * sizeof number> digits{};
  const auto [end, _] = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16);
  return "0x" + std::string(digits.data(), end);
}

/// Returns: the reader for the file's format, as its first bytes tell.
std::unique_ptr<source> open(const std::filesystem::path& file) {
  const detail::trace::input start(file);
  detail::trace::word first = 0;
  const bool is_short = start.read(0, &first, 1) == 0;
  if (!is_short && first == detail::trace::file_magic) return detail::trace::open_chunks(file);
  if (!is_short && begins_with(first, heaptrack_beginning)) {
    return detail::trace::open_heaptrack(file);
  }
  if (begins_with(first, gzip_beginning) || begins_with(first, zstd_beginning)) {
    start.refuse("is compressed. Unpack it first, as by zstdcat or zcat");
  }
  start.refuse(
      "is no trace. Give a file that start_trace wrote, or heaptrack --raw, the latter unpacked");
}

}  // namespace

/// Hidden here, as cmake/exports.map.in shows all names in zpmr but those in detail.
struct [[gnu::visibility("hidden")]] trace_reader::state {
  explicit state(const std::filesystem::path& path) : file(path), from(open(path)) {}

  [[noreturn]] void refuse(const raw_event& event, const std::string& what) const {
    throw trace_error('"' + file.string() + "\" is damaged: event " + std::to_string(number) +
                      ", of thread " + std::to_string(event.thread) + ' ' + what +
                      ". Record the trace again");
  }

  void check_allocation(const raw_event& event) const {
    if (!detail::can_exist(event.bytes, event.alignment) || event.bytes > most_bytes ||
        blocks.bytes() > most_bytes - event.bytes) {
      refuse(event, "allocates " + std::to_string(event.bytes) + " bytes at an alignment of " +
                        std::to_string(event.alignment) + " on top of " +
                        std::to_string(blocks.bytes()) +
                        " bytes in use, which is more than a process can address");
    }
  }

  std::optional<trace_event> allocate(const raw_event& event) {
    check_allocation(event);
    const blocks_in_use::block& block = blocks.add(event);
    return result(event, block);
  }

  /// The address is given again, and its deallocation has not been seen.
  std::optional<trace_event> allocate_again(const raw_event& event) {
    if (from->expected() == gaps::none) {
      refuse(event,
             "allocates the block at " + hexadecimal(event.address) + ", which is in use already");
    }
    pending = event;
    return deallocate(event);
  }

  std::optional<trace_event> deallocate(const raw_event& event) {
    raw_event freeing = event;
    freeing.operation = trace_operation::deallocation;
    const trace_event freed = result(freeing, *blocks.find(event));
    blocks.remove(event);
    return freed;
  }

  static trace_event result(const raw_event& event, const blocks_in_use::block& block) {
    return {event.operation, event.thread,    event.resource, block.number,
            block.bytes,     block.alignment, event.time};
  }

  /// Returns: what became of the event; nothing if it was left out.
  std::optional<trace_event> check(const raw_event& event) {
    blocks_in_use::block* const there = blocks.find(event);
    if (event.operation == trace_operation::allocation) {
      return there == nullptr ? allocate(event) : allocate_again(event);
    }
    if (there != nullptr && !there->late_deallocation) return deallocate(event);
    if (there != nullptr) {
      there->late_deallocation = false;
      return std::nullopt;  // it was seen to be free when its address was given again
    }
    if (from->expected() == gaps::none) {
      refuse(event, "deallocates a block at " + hexadecimal(event.address) +
                        ", where none is in use: it was never allocated, or is deallocated twice");
    }
    ++left_out;
    return std::nullopt;
  }

  std::optional<trace_event> finish_pending() {
    const std::optional<trace_event> event = allocate(*pending);
    blocks.find(*pending)->late_deallocation = from->expected() == gaps::late_deallocations;
    pending.reset();
    return event;
  }

  std::optional<trace_event> next() {
    if (pending) return finish_pending();
    for (raw_event event{}; from->next(event);) {
      ++number;
      if (const auto checked = check(event)) return checked;
    }
    return std::nullopt;
  }

  std::filesystem::path file;
  std::unique_ptr<source> from;
  blocks_in_use blocks;
  std::optional<raw_event> pending;  // an allocation, after the deallocation before it
  std::uint64_t number = 0;          // of the event in the file
  std::uint64_t events = 0;
  std::uint64_t left_out = 0;
  bool stopped = false;  // by an exception
};

trace_reader::trace_reader(const std::filesystem::path& file)
    : state_(std::make_unique<state>(file)) {}

trace_reader::~trace_reader() = default;

std::optional<trace_event> trace_reader::next() {
  if (std::exchange(state_->stopped, true)) return std::nullopt;
  const std::optional<trace_event> event = state_->next();
  state_->stopped = false;  // not reached where that throws
  if (event) ++state_->events;
  return event;
}

std::uint64_t trace_reader::events() const noexcept {
  return state_->events;
}

std::uint32_t trace_reader::block_numbers() const noexcept {
  return state_->blocks.numbers().end();
}

double trace_reader::progress() const noexcept {
  return state_->from->progress();
}

bool trace_reader::cut_short() const noexcept {
  return state_->from->cut_short();
}

std::uint64_t trace_reader::left_out() const noexcept {
  return state_->left_out;
}

}  // namespace zpmr
