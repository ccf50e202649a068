// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// \file
/// The engine's protocol, small enough that every interleaving of a few threads can be tried.
///
/// A thread has one slot, in the tracker that is its home. A step is one access to what threads
/// share without a lock: the two looks of a charge at `ceil`, its store to `alloc`, a free's store
/// to `freed` and look at `mark`; and, for whoever holds the tree's mutex, each slot that a drain
/// lowers, each thread that its fence reaches, and each slot that it settles. What only the holder
/// reads and writes (granted, limits, ledgers) changes together with the step that leads there.
///
/// The machine is x86-TSO: a thread's stores wait in a buffer, in order, and reach memory at any
/// later time, or when the thread takes the mutex, or when a fence reaches it. The holder's own
/// stores are visible at once: whoever would still see an older value could as well have looked
/// before. The fence may be refused by the system, where a scenario says so.
///
/// What must hold in every state:
///  - what has been charged, less what is being or has been freed, is at most what is granted; and
///    that at most the limit, unless an overdraft or a lowered limit left a debt, which only
///    overdrafts make larger;
///  - granted is the sum of `ceil - harvested` over the slots below, and what has no slot;
///  - a refused charge would not have fitted if the frees in progress, and the charges in progress
///    that their lease bears, counted as in use; the same goes for a limit that is not accepted;
///  - a read lies between nothing and what is granted, and what it has seen freed it has seen
///    charged, but for leases that are being looked at;
///  - a child of `fork`, which sees all threads but one vanish wherever they are, has the right
///    figures, but for the operations that were in progress;
/// and in the end nobody waits, and charges less frees is what is in use.

namespace zpmr::test::protocol {

/// The protocol with one thing left out, to see that the model would notice.
enum class mutant : std::uint8_t {
  none,
  no_first_look,        ///< a charge stores without asking whether its lease bears it
  no_second_look,       ///< a charge does not look at `ceil` after its store
  no_fence,             ///< a drain goes on without a fence
  no_second_reading,    ///< a drain takes for used what it read before the fence
  no_undoing,           ///< the slow path leaves in `alloc` what did not fit
  no_mark,              ///< a free does not look at `mark`
  no_lowered_mark,      ///< a drain does not lower `mark`
  no_harvest,           ///< a drain does not look for frees
  marks_not_listed,     ///< a slot without a lease is not drained, whatever it may free unseen
  trusts_failed_fence,  ///< a drain goes on as if a refused fence had been one
  refuses_at_once,      ///< no drain before a refusal
  limit_beside_leases,  ///< a limit is set without taking back what it does not cover
  child_keeps_stored,   ///< a child of fork does not undo what was stored beyond `ceil`
  keeps_cancelled,      ///< to cancel leaves `granted` as it is
  last,
};

enum class kind : std::uint8_t {
  charge,
  overdraw,       ///< charges, whatever the limit
  uncharge,       ///< of `who`'s blocks, at home
  cancel,         ///< an own charge
  try_set_limit,  ///< of node `who`
  set_limit,      ///< of node `who`
  read,           ///< bytes in use of node `who`
};

struct operation {
  kind what;
  int bytes;
  int who = 0;
};

struct node_plan {
  int parent;  ///< -1 for the root
  int limit;
};

struct thread_plan {
  int home;
  std::vector<operation> program;
  bool has_slot = true;
};

struct scenario {
  std::string name;
  std::vector<node_plan> nodes;
  std::vector<thread_plan> threads;
  int lease = 2;
  bool fence_may_fail = false;
};

struct findings {
  std::size_t states = 0;
  std::size_t refusals = 0;
  std::size_t leases_taken_back = 0;
  std::size_t found_lowered = 0;  ///< charges that a drain overtook, and that passed nevertheless
  std::string violation;          ///< the first one; empty if there is none
};

/// Effects: tries every interleaving, up to the first violation.
findings explore(const scenario& plan, mutant broken);

}  // namespace zpmr::test::protocol
