// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "traces/trace_chunks.hpp"

namespace zpmr::detail::trace {
namespace {

/// Lists the chunks of a file. Throws: `trace_error`.
class chunk_list {
 public:
  explicit chunk_list(const input& file) : file_(file) {
    for (std::uint64_t at = page_bytes; at < file.bytes();) at += look_at(at);
  }

  std::vector<chunk> chunks;  ///< as they are in the file
  bool cut = false;           ///< the last one is not all there

 private:
  /// Returns: how far it is to the next one.
  std::uint64_t look_at(std::uint64_t at) {
    std::array<word, chunk_header_words + 1> start{};
    const std::size_t there = file_.read(at, start.data(), start.size());
    if (start[0] == 0) return page_bytes;
    const chunk_header header{static_cast<std::uint32_t>(start[0]),
                              static_cast<std::uint32_t>(start[0] >> 32), start[1]};
    if (header.magic != chunk_magic) refuse(at, "is none");
    if (there < chunk_header_words) {
      cut = true;
      return page_bytes;
    }
    check(at, header);
    if (header.bytes > file_.bytes() - at) cut = true;
    // Nothing at all was recorded there if it starts with no time.
    if (start[2] != 0) chunks.push_back({at, header.bytes, order_of(at, start[2]), header.thread});
    return header.bytes;
  }

  void check(std::uint64_t at, const chunk_header& header) {
    if (header.bytes == 0 || header.bytes % page_bytes != 0 || header.bytes > INT64_MAX) {
      refuse(at, "has an impossible size, " + std::to_string(header.bytes) + " bytes");
    }
    if (header.thread > threads_) {
      refuse(at, "is of thread " + std::to_string(header.thread) + ", but only " +
                     std::to_string(threads_) + " threads come before it");
    }
    if (header.thread == threads_) ++threads_;
  }

  std::uint64_t order_of(std::uint64_t at, word first) const {
    if (kind_of(first) != kind::other || other_kind_of(first) != other_kind::time) {
      refuse(at, "does not start with a time");
    }
    return value_of(first);
  }

  [[noreturn]] void refuse(std::uint64_t at, const std::string& what) const {
    file_.refuse("is damaged: the chunk at byte " + std::to_string(at) + ' ' + what +
                 ". Record the trace again");
  }

  const input& file_;
  std::uint32_t threads_ = 0;
};

file_header header_of(const input& file) {
  std::array<word, sizeof(file_header) / sizeof(word)> words{};
  if (file.read(0, words.data(), words.size()) < words.size()) {
    file.refuse("was cut short before its first event. Record the trace again");
  }
  const file_header header{words[0], words[1], words[2], words[3]};
  if (header.version != version) {
    file.refuse("is a trace of version " + std::to_string(header.version) +
                ", and only version 1 is known here. Read it with the zpmr that wrote it");
  }
  return header;
}

/// Merges the chunks of all threads by their order numbers. Of each thread one chunk is open at
/// most, and only from its least number on.
class merge final : public source {
 public:
  explicit merge(const std::filesystem::path& path) : file_(path), header_(header_of(file_)) {
    chunk_list list(file_);
    cut_ = list.cut || file_.bytes() < header_.bytes;
    chunks_ = std::move(list.chunks);
    std::ranges::sort(chunks_, {},
                      [](const chunk& each) { return std::pair(each.order, each.at); });
    leave_out_copies();
  }

  bool next(raw_event& event) override {
    open_chunks_up_to_next();
    if (open_.empty()) return false;
    if (open_.front()->order() < least_) file_.refuse("is damaged: two events have one number");
    least_ = open_.front()->order() + 1;
    event = open_.front()->event();
    std::ranges::pop_heap(open_, later);
    std::unique_ptr<cursor> first = std::move(open_.back());
    open_.pop_back();
    advance(std::move(first));
    return true;
  }

  [[nodiscard]] double progress() const noexcept override {
    return std::min(1.0,
                    static_cast<double>(page_bytes + done_) / static_cast<double>(file_.bytes()));
  }
  [[nodiscard]] bool cut_short() const noexcept override { return cut_ || header_.failed != 0; }
  [[nodiscard]] gaps expected() const noexcept override {
    return cut_ ? gaps::lost_events : gaps::none;
  }

 private:
  static bool later(const std::unique_ptr<cursor>& a, const std::unique_ptr<cursor>& b) noexcept {
    return a->order() > b->order();
  }

  /// The process was killed when it had copied a chunk, and its events were not yet taken out. The
  /// copy comes later in the file, and may not be complete.
  void leave_out_copies() {
    const auto copies = std::ranges::unique(
        chunks_, {}, [](const chunk& each) { return std::pair(each.order, each.thread); });
    chunks_.erase(copies.begin(), copies.end());
  }

  void open_chunks_up_to_next() {
    while (opened_ < chunks_.size() &&
           (open_.empty() || chunks_[opened_].order <= open_.front()->order())) {
      advance(std::make_unique<cursor>(file_, chunks_[opened_++]));
    }
  }

  /// Effects: the cursor goes to its next event and takes its place, or is done.
  void advance(std::unique_ptr<cursor> each) {
    if (!each->advance()) {
      done_ += each->bytes();
      return;
    }
    open_.push_back(std::move(each));
    std::ranges::push_heap(open_, later);
  }

  input file_;
  file_header header_;
  bool cut_ = false;
  std::vector<chunk> chunks_;  // least number first
  std::size_t opened_ = 0;
  std::vector<std::unique_ptr<cursor>> open_;  // a heap, least number first
  std::uint64_t least_ = 0;                    // number that the next event may have
  std::uint64_t done_ = 0;                     // bytes
};

}  // namespace

std::unique_ptr<source> open_chunks(const std::filesystem::path& file) {
  return std::make_unique<merge>(file);
}

}  // namespace zpmr::detail::trace
