// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>

namespace word_index {

/// What the user asked for makes no sense.
struct bad_input : std::runtime_error {
  using runtime_error::runtime_error;
};

}  // namespace word_index
