// SPDX-License-Identifier: MIT
#include "single_copy.hpp"

#include <elf.h>
#include <link.h>

#include <array>
#include <cstring>
#include <string_view>

#include "base/check.hpp"

// Two static copies of zpmr in one process, say in the program and in a plugin, would each keep
// their own trees, thread states and locks: a budget would be counted in two halves. Symbols cannot
// tell, as a plugin's are often hidden. So every copy carries an ELF note, and the one that starts
// last finds both.

namespace zpmr::detail {

namespace {

constexpr std::array<char, 8> note_name{"zpmr"};

struct note {
  ElfW(Nhdr) header;
  std::array<char, note_name.size()> name;
};

[[gnu::section(".note.zpmr"), gnu::used, gnu::aligned(4)]] constexpr note mark{
    {note_name.size(), 0, 1}, note_name};

/// Returns: whether a segment of notes, as the linker joined them, has ours in it.
bool has_mark(const char* notes, std::size_t size) {
  const auto padded = [](std::size_t bytes) { return (bytes + 3) / 4 * 4; };
  while (size >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) header;
    std::memcpy(&header, notes, sizeof header);
    const std::size_t length = sizeof header + padded(header.n_namesz) + padded(header.n_descsz);
    if (length > size) return false;
    if (std::string_view(notes + sizeof header, header.n_namesz) ==
        std::string_view(note_name.data(), note_name.size())) {
      return true;
    }
    notes += length;
    size -= length;
  }
  return false;
}

struct copies {
  std::array<const char*, 2> files{};
  std::size_t count = 0;
};

int note_copy(dl_phdr_info* module, std::size_t, void* found) {
  copies& all = *static_cast<copies*>(found);
  for (int i = 0; i < module->dlpi_phnum && all.count < all.files.size(); ++i) {
    const ElfW(Phdr)& segment = module->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE || segment.p_align > 4) continue;
    const auto* notes = reinterpret_cast<const char*>(module->dlpi_addr + segment.p_vaddr);
    if (!has_mark(notes, segment.p_memsz)) continue;
    all.files[all.count++] = module->dlpi_name[0] != '\0' ? module->dlpi_name : "the program";
    break;
  }
  return 0;
}

}  // namespace

bool expect_single_copy() noexcept {
  copies all;
  dl_iterate_phdr(note_copy, &all);
  if (all.count > 1) {
    fail(
        "two copies in one process, in %s and in %s, would count apart: link the shared library "
        "(BUILD_SHARED_LIBS=ON) into both",
        all.files[0], all.files[1]);
  }
  return true;
}

}  // namespace zpmr::detail
