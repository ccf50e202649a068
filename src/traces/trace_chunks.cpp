// SPDX-License-Identifier: MIT
#include "traces/trace_chunks.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace zpmr::detail::trace {
namespace {

constexpr std::size_t buffer_words = page_words;

}  // namespace

input::input(const std::filesystem::path& path)
    : path_(path), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  struct stat status {};
  if (file_ < 0 || fstat(file_, &status) != 0) {
    const int error = errno;
    if (file_ >= 0) ::close(file_);
    refuse(std::string("cannot be read: ") + ::strerrordesc_np(error) +
           ". Name a file that start_trace or heaptrack --raw wrote");
  }
  if (!S_ISREG(status.st_mode)) {
    ::close(file_);
    refuse("is not a regular file. Write what it gives into a file first");
  }
  bytes_ = static_cast<std::uint64_t>(status.st_size);
}

input::~input() {
  ::close(file_);
}

std::size_t input::read(std::uint64_t at, word* words, std::size_t count) const {
  if (at >= bytes_) return 0;
  const std::size_t wanted = std::min<std::uint64_t>(count, (bytes_ - at) / sizeof(word));
  std::size_t done = 0;
  while (done < wanted * sizeof(word)) {
    const ssize_t got = ::pread(file_, reinterpret_cast<char*>(words) + done,
                                wanted * sizeof(word) - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse(std::string("cannot be read: ") + ::strerrordesc_np(errno));
    if (got == 0) refuse("became shorter while it was read. Record the trace again");
    done += static_cast<std::size_t>(got);
  }
  return wanted;
}

void input::refuse(const std::string& what) const {
  throw trace_error('"' + path_.string() + "\" " + what);
}

cursor::cursor(const input& file, const chunk& where) noexcept
    : file_(&file),
      at_(where.at + sizeof(chunk_header)),
      end_(std::min(where.at + where.bytes, file.bytes())),
      chunk_bytes_(where.bytes),
      cut_(where.bytes > file.bytes() - where.at) {
  event_.thread = where.thread;
}

void cursor::refuse(const char* what) const {
  const std::uint64_t at = at_ - (buffer_.size() - taken_ + 1) * sizeof(word);
  file_->refuse("is damaged at byte " + std::to_string(at) + ", in what thread " +
                std::to_string(event_.thread) + " recorded: " + what + ". Record the trace again");
}

bool cursor::take(word& next) {
  if (taken_ == buffer_.size()) {
    const std::uint64_t left = (end_ - std::min(at_, end_)) / sizeof(word);
    buffer_.resize(std::min<std::uint64_t>(buffer_words, left));
    buffer_.resize(file_->read(at_, buffer_.data(), buffer_.size()));
    at_ += buffer_.size() * sizeof(word);
    taken_ = 0;
    if (buffer_.empty()) return false;
  }
  next = buffer_[taken_++];
  return true;
}

word cursor::take_second() {
  word second = 0;
  if (take(second)) return second;
  if (!cut_) refuse("a record goes beyond its chunk");
  complete_ = false;
  return second;
}

void cursor::continue_at(word order) {
  if (order < next_order_) refuse("its order numbers fall");
  next_order_ = order;
}

void cursor::allocate(word address, word bytes, unsigned alignment_log) noexcept {
  event_.operation = trace_operation::allocation;
  event_.address = address;
  event_.bytes = bytes;
  event_.alignment = word{1} << alignment_log;
}

bool cursor::decode_other(word first) {
  const word value = value_of(first);
  switch (other_kind_of(first)) {
    case other_kind::allocation:
      if ((first >> 11 & 31) != 0) refuse("an allocation has unknown bits");
      allocate(value, take_second(), static_cast<unsigned>(first >> 5 & 63));
      return true;
    case other_kind::time:
      continue_at(value);
      event_.time = std::chrono::nanoseconds(take_second() & INT64_MAX);
      return false;
    case other_kind::order:
      continue_at(value);
      return false;
    case other_kind::resource:
      if (value > UINT32_MAX) refuse("the number of a resource is too high");
      event_.resource = static_cast<std::uint32_t>(value);
      return false;
  }
  refuse("a record is of no known kind");
}

bool cursor::decode(word first) {
  switch (kind_of(first)) {
    case kind::small_allocation:
      allocate(value_of(first), first >> 5 & most_small_bytes,
               static_cast<unsigned>(first >> 2 & 7));
      return true;
    case kind::deallocation:
      if ((first >> 2 & 0x3fff) != 0) refuse("a deallocation has unknown bits");
      event_.operation = trace_operation::deallocation;
      event_.address = value_of(first);
      return true;
    case kind::other:
      return decode_other(first);
  }
  refuse("a record is of no known kind");
}

bool cursor::advance() {
  for (word first = 0; take(first) && first != 0;) {
    const bool is_event = decode(first);
    if (!complete_) return false;
    if (!is_event) continue;
    order_ = next_order_++;
    return true;
  }
  return false;
}

}  // namespace zpmr::detail::trace
