// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <stdexcept>
#include <type_traits>

/// \file
/// Values through a pipe, as they lie in memory: between processes of one and the same program.

namespace zpmr::compare {

/// The other side is gone.
struct channel_closed : std::runtime_error {
  channel_closed() : runtime_error("the other process has ended") {}
};

/// Throws: `channel_closed` if nobody reads any more; `std::system_error`.
void write_all(int descriptor, std::span<const std::byte> bytes);

/// Effects: waits until all of `bytes` are read. Throws: `channel_closed` if nobody writes any
/// more; `std::system_error`.
void read_all(int descriptor, std::span<std::byte> bytes);

template <class T>
requires std::is_trivially_copyable_v<T>
void send(int descriptor, std::span<const T> values) {
  write_all(descriptor, std::as_bytes(values));
}

template <class T>
requires std::is_trivially_copyable_v<T>
void send(int descriptor, const T& value) {
  send(descriptor, std::span<const T>(&value, 1));
}

template <class T>
requires std::is_trivially_copyable_v<T>
void receive(int descriptor, std::span<T> values) {
  read_all(descriptor, std::as_writable_bytes(values));
}

template <class T>
requires std::is_trivially_copyable_v<T>
[[nodiscard]] T receive(int descriptor) {
  T value{};
  receive(descriptor, std::span<T>(&value, 1));
  return value;
}

}  // namespace zpmr::compare
