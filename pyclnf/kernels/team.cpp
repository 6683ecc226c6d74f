#include "team.h"

#include <chrono>

#if defined(PYCLNF_X86)
#include <immintrin.h>
#endif
#if !defined(_WIN32)
#include <unistd.h>
#endif

namespace pyclnf {

namespace {

// How long a helper looks out for more before it sleeps: the phases of a scale take less, and to
// wake it costs as much as it does in a scale.
constexpr std::chrono::microseconds watch(300);
constexpr int looks_between_clocks = 64;
constexpr int looks_before_yielding = 4096;

int64_t this_process() {
#if defined(_WIN32)
  return 0;  // processes do not fork
#else
  return getpid();
#endif
}

void pause() {
#if defined(PYCLNF_X86)
  _mm_pause();
#endif
}

}  // namespace

Team::Team(int32_t helpers) : process_(this_process()) {
  try {
    for (int32_t i = 1; i <= helpers; ++i) helpers_.emplace_back(&Team::help, this, i);
  } catch (...) {
    end();
    throw;
  }
}

Team::~Team() { end(); }

void Team::end() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_.store(true);
  }
  work_or_end_.notify_all();
  for (std::thread& helper : helpers_) helper.join();
}

bool Team::is_at_home() const { return process_ == this_process(); }

void Team::share(int32_t count, Work work, void* given) {
  if (count <= 0) return;
  work_ = work;
  given_ = given;
  undone_.store(count, std::memory_order_relaxed);
  untaken_.store(count);  // after all of the above
  if (is_at_home()) wake();
  while (take_item(0)) {
  }
  for (int looks = 0; undone_.load(std::memory_order_acquire) > 0; ++looks) {
    looks < looks_before_yielding ? pause() : std::this_thread::yield();
  }
}

// Whoever takes an item may look at the work: it stays until the item is done.
bool Team::take_item(int32_t member) {
  int32_t untaken = untaken_.load(std::memory_order_acquire);
  do {
    if (untaken <= 0) return false;
  } while (!untaken_.compare_exchange_weak(untaken, untaken - 1, std::memory_order_acq_rel,
                                           std::memory_order_acquire));
  work_(given_, untaken - 1, member);
  undone_.fetch_sub(1, std::memory_order_acq_rel);
  return true;
}

void Team::help(int32_t member) {
  while (wait_for_work()) {
    while (take_item(member)) {
    }
  }
}

// Looks out for a while, then sleeps; false at the end.
bool Team::wait_for_work() {
  const auto until = std::chrono::steady_clock::now() + watch;
  do {
    for (int look = 0; look < looks_between_clocks; ++look) {
      if (ended_.load(std::memory_order_relaxed)) return false;
      if (untaken_.load(std::memory_order_relaxed) > 0) return true;
      pause();
    }
  } while (std::chrono::steady_clock::now() < until);
  std::unique_lock<std::mutex> lock(mutex_);
  sleepers_.fetch_add(1);
  work_or_end_.wait(lock, [this] { return ended_.load() || untaken_.load() > 0; });
  sleepers_.fetch_sub(1);
  return !ended_.load();
}

// A helper counts itself as asleep before it looks for the last time.
void Team::wake() {
  if (sleepers_.load() == 0) return;
  { const std::lock_guard<std::mutex> lock(mutex_); }
  work_or_end_.notify_all();
}

void disband(Team* team) {
  if (team != nullptr && team->is_at_home()) delete team;
}

}  // namespace pyclnf
