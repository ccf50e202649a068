// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <zpmr/export.hpp>

/// \file
/// What happens at a limit: the interface that a tracker asks. `zpmr/policies.hpp` has ready ones.
///
/// Thread safety: a policy may be asked by several threads at once.
///
/// \snippet own_policy.cpp example

namespace zpmr {

class memory_tracker;

/// A policy's answer.
enum class limit_action {
  deny,   ///< refuse the charge
  retry,  ///< see whether it fits now
  grant,  ///< let it pass this tracker although it does not fit
};

/// What a policy is told.
struct limit_event {
  const memory_tracker& tracker;  ///< that it does not fit: the charged one or one of its ancestors
  std::size_t requested;          ///< bytes that the charge would add
  std::size_t bytes_in_use;       ///< of `tracker`, when the charge did not fit
  std::size_t limit;              ///< of `tracker`
  unsigned attempt;               ///< 1 for the first question of a charge, 2 for the second, ...
};

/// Decides what happens to a charge that does not fit.
///
/// A tracker whose limit is less than the charge is asked before one that is only full: what is
/// freed cannot help it, so unless it grants, nobody frees in vain. A policy that frees should look
/// for itself whether `requested` is more than `limit`.
///
/// A policy is not owned: it outlives the trackers that use it, and several may share it. It is
/// asked with no lock held, at most 1,000 times a charge. While it runs, charges of its own thread
/// ask no policy: they fit or are refused. If it throws, the charge is undone and the exception
/// reaches the caller.
///
/// A policy must not touch a container that is in the middle of an operation: evicting from the map
/// whose growth made the charge is a use after free. Evict from another container, or catch
/// `limit_exceeded` outside the operation, evict there and repeat it.
class ZPMR_EXPORT limit_policy {
 public:
  virtual ~limit_policy();

  /// Returns: the limit in bytes, or `no_limit`. Read once, when a tracker is made with this
  /// policy.
  [[nodiscard]] virtual std::size_t limit() const noexcept = 0;

  /// A charge does not fit.
  virtual limit_action on_limit(const limit_event& event) = 0;

  /// A charge that this policy granted has just taken `event.tracker` from within its limit to
  /// above it. Called once for each crossing. `event` is the one that was granted. Default:
  /// nothing.
  virtual void on_overdraft(const limit_event& event);

  /// The charge fitted, but the upstream threw `std::bad_alloc`. `event.tracker` is the charged
  /// tracker and `event.bytes_in_use` includes the charge. `retry` asks the upstream again;
  /// anything else lets its exception pass. Default: deny.
  virtual limit_action on_out_of_memory(const limit_event& event);
};

}  // namespace zpmr
