// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <new>
#include <ostream>
#include <sstream>
#include <zpmr/checked_resource.hpp>

#include "base/check.hpp"
#include "base/never_destroyed.hpp"
#include "base/text.hpp"
#include "diagnostics/findings.hpp"

namespace zpmr {
namespace {

constexpr std::size_t most_listed = 20;

struct fault_line {
  std::array<char, 400> storage;
};

void describe_unknown(detail::text& line, const misuse& fault) noexcept {
  const free_call& call = *fault.call;
  line.append("%p freed with %zu bytes, but it is no block of this resource", call.block,
              call.bytes);
  if (fault.block) {
    line.append(": it points to byte %td of block %p of %zu bytes", fault.offset,
                fault.block->start, fault.block->bytes);
  }
}

void describe_mismatch(detail::text& line, const misuse& fault) noexcept {
  const free_call& call = *fault.call;
  const known_block& block = *fault.block;
  line.append(
      "block %p freed with %zu bytes and alignment %zu, but it was allocated with %zu bytes and "
      "alignment %zu",
      call.block, call.bytes, call.alignment, block.bytes, block.alignment);
}

void describe_write(detail::text& line, const misuse& fault, const char* where) noexcept {
  line.append("block %p of %zu bytes was written to %s, first at byte %td", fault.block->start,
              fault.block->bytes, where, fault.offset);
}

/// Effects: writes what is wrong, in one line and without allocating.
void describe(detail::text& line, const misuse& fault) noexcept {
  line.append("checked_resource \"%s\": ", fault.resource.name().data());
  switch (fault.kind) {
    case misuse_kind::mismatched_free:
      return describe_mismatch(line, fault);
    case misuse_kind::unknown_block:
      return describe_unknown(line, fault);
    case misuse_kind::freed_twice:
      return line.append("block %p freed with %zu bytes, but it was freed before",
                         fault.call->block, fault.call->bytes);
    case misuse_kind::written_before_start:
      return describe_write(line, fault, "before its start");
    case misuse_kind::written_past_end:
      return describe_write(line, fault, "past its end");
    case misuse_kind::written_after_free:
      return describe_write(line, fault, "after it was freed");
  }
}

void print_stack(std::ostream& out, call_stack stack) {
  stack.frames().empty() ? out << "    (not known)\n" : out << stack;
}

void print_stacks(std::ostream& out, const misuse& fault) {
  if (fault.block) {
    out << "  Block " << fault.block->number << ", of " << fault.block->bytes
        << " bytes, was allocated at\n";
    print_stack(out, fault.block->allocated);
    if (!fault.block->freed.frames().empty()) {
      out << "  and freed at\n" << fault.block->freed;
    }
  }
  out << "  This was found at\n";
  print_stack(out, fault.found);
}

void print_leaks(std::ostream& out, std::span<const leak> leaks) {
  for (const leak& each : leaks.first(std::min(leaks.size(), most_listed))) {
    out << "  " << each.bytes << " bytes in " << each.blocks
        << (each.blocks == 1 ? " block" : " blocks") << ", allocated at\n";
    print_stack(out, each.allocated);
  }
  if (leaks.size() > most_listed) {
    out << "  and others, from " << leaks.size() - most_listed << " more places\n";
  }
}

/// Effects: writes at once, as the program may be about to end, for which memory may be the reason.
template <class F>
void write_to_stderr(F&& print) noexcept try {
  std::ostringstream out;
  out.exceptions(std::ios::badbit);
  print(out);
  const std::string all = std::move(out).str();
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, all.data(), all.size());
} catch (const std::bad_alloc&) {
  detail::complain("there is no memory to print the calls");
}

}  // namespace

misuse_handler::~misuse_handler() = default;

void misuse_handler::on_misuse(const misuse& fault) {
  // First what needs no memory: the fault may have damaged the heap.
  fault_line storage;
  detail::text line(storage.storage);
  describe(line, fault);
  detail::complain("%s", line.view().data());
  write_to_stderr([&](std::ostream& out) { print_stacks(out, fault); });
  std::abort();
}

void misuse_handler::on_leaks(const checked_resource& resource,
                              std::span<const leak> leaks) noexcept {
  std::size_t bytes = 0;
  std::uint64_t blocks = 0;
  for (const leak& each : leaks) {
    bytes += each.bytes;
    blocks += each.blocks;
  }
  const char* const sampled = resource.options().sample_interval != 0 ? "sampled " : "";
  detail::complain("checked_resource \"%s\": %zu bytes in %llu %sblock%s never freed",
                   resource.name().data(), bytes, static_cast<unsigned long long>(blocks), sampled,
                   blocks == 1 ? " was" : "s were");
  write_to_stderr([&](std::ostream& out) { print_leaks(out, leaks); });
}

std::ostream& operator<<(std::ostream& out, const misuse& fault) {
  fault_line storage;
  detail::text line(storage.storage);
  describe(line, fault);
  out << line.view() << '\n';
  print_stacks(out, fault);
  return out;
}

misuse_handler& detail::handler_of(const checked_resource& resource) noexcept {
  static constinit never_destroyed<misuse_handler> standard;
  misuse_handler* const own = resource.options().handler;
  return own != nullptr ? *own : standard.value;
}

}  // namespace zpmr
