// SPDX-License-Identifier: MIT
#include "traces/trace_output.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <new>
#include <utility>

namespace zpmr::detail::trace {
namespace {

/// Keeps the signal away that ends a program whose file grows beyond the limit of the process: the
/// call then fails with EFBIG, as it should.
class no_file_size_signal {
 public:
  no_file_size_signal() noexcept {
    sigemptyset(&signal_);
    sigaddset(&signal_, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &signal_, &before_);
  }
  ~no_file_size_signal() {
    if (sigismember(&before_, SIGXFSZ) == 0) {
      constexpr timespec at_once{0, 0};
      sigtimedwait(&signal_, nullptr, &at_once);
      pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
  }
  no_file_size_signal(const no_file_size_signal&) = delete;
  no_file_size_signal& operator=(const no_file_size_signal&) = delete;

 private:
  sigset_t signal_;
  sigset_t before_;
};

constexpr char zeros[std::size_t{64} << 10] = {};

/// Returns: 0, or an error number. Effects: the bytes of the file are there, have room on the disk,
/// and are in memory. Written, they come in big pieces; touched, page by page at three times the
/// cost.
int take_room(int file, std::uint64_t at, std::size_t bytes) noexcept {
  const no_file_size_signal quiet;
  for (std::size_t done = 0; done < bytes;) {
    const ssize_t written =
        ::pwrite(file, zeros, std::min(sizeof zeros, bytes - done), static_cast<off_t>(at + done));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? errno : ENOSPC;
    done += static_cast<std::size_t>(written);
  }
  return 0;
}

/// Returns: that part of the file, or nullptr with errno set. A child of `fork` does not have it.
void* map(int file, std::uint64_t at, std::size_t bytes) noexcept {
  if (const int error = take_room(file, at, bytes); error != 0) {
    errno = error;
    return nullptr;
  }
  void* const part =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, static_cast<off_t>(at));
  if (part == MAP_FAILED) return nullptr;
  madvise(part, bytes, MADV_DONTFORK);
  madvise(part, bytes, MADV_POPULATE_WRITE);  // from Linux 5.14 on; costs less than many faults
  return part;
}

/// Returns: 0, or why this is no file to map, or another process is at it.
int check(int file) noexcept {
  struct stat status {};
  if (fstat(file, &status) != 0) return errno;
  if (!S_ISREG(status.st_mode)) return ENODEV;
  // A file that a process has mapped must not be cut: its next write there would end it.
  if (flock(file, LOCK_EX | LOCK_NB) != 0) return errno == EWOULDBLOCK ? EBUSY : errno;
  return ftruncate(file, 0) == 0 ? 0 : errno;
}

}  // namespace

std::error_code output::open(const char* path) noexcept {
  // Not to hang on a pipe that nobody reads.
  const int file = ::open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
  if (file < 0) return {errno, std::generic_category()};
  int error = check(file);
  if (error == 0) {
    if (void* const page = map(file, 0, page_bytes)) {
      header_ = new (page) file_header{file_magic, version, 0, page_bytes};
      file_ = file;
      return {};
    }
    error = errno;
  }
  ::close(file);
  return {error, std::generic_category()};
}

bool output::move_to_end(std::span<word> chunk) noexcept {
  const no_file_size_signal quiet;
  fcntl(file_, F_SETFL, O_DIRECT);  // where it fails, the next call does not or writes as ever
  const ssize_t written =
      ::pwrite(file_, chunk.data(), chunk.size_bytes(), static_cast<off_t>(header_->bytes));
  fcntl(file_, F_SETFL, 0);
  if (written != static_cast<ssize_t>(chunk.size_bytes())) {
    [[maybe_unused]] const int cut = ftruncate(file_, static_cast<off_t>(header_->bytes));
    return false;
  }
  header_->bytes += chunk.size_bytes();
  chunk[chunk_header_words] = 0;
  return true;
}

std::span<word> output::reserve(std::size_t bytes, std::uint32_t thread) noexcept {
  void* const part = map(file_, header_->bytes, bytes);
  if (part == nullptr) return {};
  header_->bytes += bytes;
  auto* const header = new (part) chunk_header{0, 0, bytes};
  std::atomic_signal_fence(std::memory_order_release);  // what starts a chunk comes last
  header->thread = thread;
  header->magic = chunk_magic;
  return {static_cast<word*>(part), bytes / sizeof(word)};
}

void output::close() noexcept {
  munmap(header_, page_bytes);
  abandon();
}

void output::abandon() noexcept {
  header_ = nullptr;
  ::close(std::exchange(file_, -1));
}

void release(std::span<word> chunk) noexcept {
  munmap(chunk.data(), chunk.size_bytes());
}

}  // namespace zpmr::detail::trace
