// Threads that share the items of one piece of work after another with the thread that has it.
//
// Nobody waits for a helper that has not begun: whoever is there takes the next item, so a helper
// that is late, or is not there at all (after a fork), costs nothing but its help.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace pyclnf {

// What is done with each item; members of a team are numbered, its owner being 0. Must not throw.
using Work = void (*)(void* given, int32_t item, int32_t member);

class Team {
 public:
  // Throws std::system_error if there can be no more threads.
  explicit Team(int32_t helpers);
  ~Team();  // in the process that made it; see disband
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  // Does the work on items 0 to count - 1, in any order. Of one thread at a time.
  void share(int32_t count, Work work, void* given);

  // Whether this is the process that the helpers live in.
  bool is_at_home() const;

 private:
  void help(int32_t member);
  bool take_item(int32_t member);
  bool wait_for_work();
  void wake();
  void end();

  Work work_ = nullptr;
  void* given_ = nullptr;
  std::atomic<int32_t> untaken_{0}, undone_{0}, sleepers_{0};
  std::atomic<bool> ended_{false};
  std::mutex mutex_;
  std::condition_variable work_or_end_;
  int64_t process_;
  std::vector<std::thread> helpers_;
};

// Deletes a team; not after a fork, which helpers do not survive: what they held can never be freed.
void disband(Team* team);

}  // namespace pyclnf
