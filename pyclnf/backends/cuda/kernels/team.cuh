// A team of threads that works on one block, step by step.
//
// This is all that differs between a GPU and a processor. A step is a loop whose turns do not
// depend on one another; after it, everyone sees what everyone has written. What stands between
// steps is done by every thread alike, so it may read what earlier steps have left, and write
// nothing but its own variables. On a processor, a team is one thread, or (PYCLNF_TEAM_THREADS)
// several that a sanitizer can watch.
#pragma once

#include <cstdint>

#if !defined(__CUDACC__)
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>
#endif

namespace pyclnf::batch {

#if defined(__CUDACC__)

class Team {
 public:
  template <typename Work>
  void each(int count, const Work& work) const {
    const auto first = static_cast<int>(threadIdx.x), step = static_cast<int>(blockDim.x);
    for (int i = first; i < count; i += step) work(i);
    __syncthreads();
  }

  template <typename Work>
  void once(const Work& work) const {
    if (threadIdx.x == 0) work();
    __syncthreads();
  }
};

#elif defined(PYCLNF_TEAM_THREADS)

// Where threads wait until all have come.
class Barrier {
 public:
  explicit Barrier(int size) : size_(size) {}

  void wait() {
    const int turn = turn_.load();
    if (arrived_.fetch_add(1) + 1 == size_) {
      arrived_ = 0;
      turn_ = turn + 1;
    } else {
      while (turn_.load() == turn) std::this_thread::yield();
    }
  }

 private:
  const int size_;
  std::atomic<int> arrived_{0}, turn_{0};
};

class Team {
 public:
  Team(int index, int size, Barrier& barrier) : index_(index), size_(size), barrier_(barrier) {}

  template <typename Work>
  void each(int count, const Work& work) const {
    for (int i = index_; i < count; i += size_) work(i);
    barrier_.wait();
  }

  template <typename Work>
  void once(const Work& work) const {
    if (index_ == 0) work();
    barrier_.wait();
  }

 private:
  int index_, size_;
  Barrier& barrier_;
};

#else

class Team {
 public:
  template <typename Work>
  void each(int count, const Work& work) const {
#if defined(PYCLNF_TEAM_BACKWARDS)  // steps whose turns depend on one another show
    for (int i = count - 1; i >= 0; --i) work(i);
#else
    for (int i = 0; i < count; ++i) work(i);
#endif
  }

  template <typename Work>
  void once(const Work& work) const {
    work();
  }
};

#endif

#if !defined(__CUDACC__)

// A block's memory, which holds nothing of use at first, and what lies beyond it.
class BlockMemory {
 public:
  explicit BlockMemory(int64_t bytes)
      : bytes_(static_cast<std::size_t>(bytes)), all_(bytes_ / sizeof(double) + kBeyond) {}

  void spoil() { std::memset(all_.data(), kSpoilt, all_.size() * sizeof(double)); }

  void* start() { return all_.data(); }

  bool is_overrun() const {
    const auto* const bytes = reinterpret_cast<const unsigned char*>(all_.data());
    for (std::size_t i = bytes_; i < all_.size() * sizeof(double); ++i) {
      if (bytes[i] != kSpoilt) return true;
    }
    return false;
  }

 private:
  static constexpr std::size_t kBeyond = 64;
  static constexpr unsigned char kSpoilt = 0xff;
  std::size_t bytes_;
  std::vector<double> all_;
};

// Runs a kernel on blocks one after another; tells whether one wrote beyond its memory.
template <typename Arguments>
bool run_blocks(int64_t blocks, int64_t shared_bytes, const Arguments& in,
                void (*kernel)(const Team&, int64_t, void*, const Arguments&)) {
  BlockMemory memory(shared_bytes);
  bool overrun = false;
#if defined(PYCLNF_TEAM_THREADS)
  constexpr int size = PYCLNF_TEAM_THREADS;
  Barrier barrier(size);
  const auto take_part = [&](int index) {
    const Team team(index, size, barrier);
    for (int64_t block = 0; block < blocks; ++block) {
      team.once([&] { memory.spoil(); });
      kernel(team, block, memory.start(), in);
      barrier.wait();
      team.once([&] { overrun |= memory.is_overrun(); });
    }
  };
  std::vector<std::thread> others;
  for (int index = 1; index < size; ++index) others.emplace_back(take_part, index);
  take_part(0);
  for (auto& other : others) other.join();
#else
  for (int64_t block = 0; block < blocks; ++block) {
    memory.spoil();
    kernel(Team{}, block, memory.start(), in);
    overrun |= memory.is_overrun();
  }
#endif
  return overrun;
}

#endif

}  // namespace pyclnf::batch
