// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <zpmr/allocator_resource.hpp>
#include <zpmr/memory_tracker.hpp>
#include <zpmr/usage_sampler.hpp>

#include "bad_input.hpp"

namespace word_index {

/// Where the samples of all runs go, one run after the other.
class sample_file {
 public:
  /// Throws: `bad_input` if it cannot be written.
  explicit sample_file(const std::string& path) : path_(path), out_(path) {
    if (!out_) {
      throw bad_input{"--sample: cannot write \"" + path_ + "\" (" + std::strerror(errno) +
                      "). Name a file in a directory of yours."};
    }
    zpmr::usage_sampler::write_csv_titles(out_);
  }

  void add(const zpmr::usage_sampler& sampler) {
    sampler.write_csv(out_);
    if (!out_.flush()) throw std::runtime_error{"cannot write all of \"" + path_ + '"'};
  }

 private:
  std::string path_;
  std::ofstream out_;
};

/// Samples one run, if there is a file for that.
class sampled_run {
 public:
  sampled_run(std::optional<sample_file>& file, const zpmr::memory_tracker& tracker,
              const zpmr::allocator_resource& allocator)
      : file_(file) {
    using namespace std::chrono_literals;
    if (file_) sampler_.emplace(tracker, allocator, zpmr::usage_sampler_options{.interval = 5ms});
  }

  /// Effects: takes a last sample and writes them all.
  /// Returns: how many had to make room for others before.
  std::uint64_t finish() {
    if (!file_) return 0;
    sampler_->stop();
    file_->add(*sampler_);
    return sampler_->dropped();
  }

 private:
  std::optional<sample_file>& file_;
  std::optional<zpmr::usage_sampler> sampler_;
};

}  // namespace word_index
