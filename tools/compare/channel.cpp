// SPDX-License-Identifier: MIT
#include "channel.hpp"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace zpmr::compare {

void write_all(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      throw channel_closed();
    } else if (errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "writing to a pipe");
    }
  }
}

void read_all(int descriptor, std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::read(descriptor, bytes.data(), bytes.size());
    if (count == 0) throw channel_closed();
    if (count > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "reading from a pipe");
    }
  }
}

}  // namespace zpmr::compare
