// SPDX-License-Identifier: MIT

/// \file
/// The memory of a library that allocates by itself, under a tracker all the same: booked before
/// the library takes it, so that the cap holds for it too.

#include <zlib.h>

#include <iostream>
#include <new>
#include <stdexcept>
#include <string>
#include <zpmr/zpmr.hpp>

#include "expect.hpp"

using namespace zpmr::literals;

//! [example]
/// zlib documents what a compressor takes with its default settings: 256 KiB and a few more.
class compressor {
 public:
  explicit compressor(zpmr::memory_tracker& tracker) : room_(tracker, 264_KiB) {
    if (deflateInit(&stream_, Z_DEFAULT_COMPRESSION) != Z_OK) throw std::bad_alloc{};
  }
  ~compressor() { deflateEnd(&stream_); }
  //! [example]
  compressor(const compressor&) = delete;
  compressor& operator=(const compressor&) = delete;

  std::string compress(std::string text) {
    std::string packed(deflateBound(&stream_, text.size()), '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(text.data());
    stream_.avail_in = static_cast<uInt>(text.size());
    stream_.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream_.avail_out = static_cast<uInt>(packed.size());
    if (deflate(&stream_, Z_FINISH) != Z_STREAM_END) throw std::runtime_error{"deflate failed"};
    packed.resize(stream_.total_out);
    deflateReset(&stream_);
    return packed;
  }

 private:
  zpmr::memory_reservation room_;  // first, so that it goes last
  z_stream stream_{};
};

int main() {
  zpmr::hard_limit cap{512_KiB};
  zpmr::memory_tracker uploads{"uploads", &cap};
  {
    compressor first{uploads};
    std::cout << "10,000 bytes became " << first.compress(std::string(10'000, 'x')).size() << "; "
              << uploads.bytes_in_use() << " bytes are booked\n";
    expect(first.compress(std::string(10'000, 'x')).size() < 1'000);
    expect(uploads.bytes_in_use() == 264_KiB);
    try {
      const compressor second{uploads};
      expect(false);
    } catch (const zpmr::limit_exceeded& refusal) {
      std::cout << refusal.what() << '\n';  // before zlib was asked for anything
    }
  }
  expect(uploads.bytes_in_use() == 0 && uploads.snapshot().denied == 1);
}
