// Response maps from the picture, the landmarks shared out among a team.
#pragma once

#include <cstdint>

#include "table.h"
#include "team.h"

namespace pyclnf {

struct LandmarkShares {
  const Kernels* kernels;
  SampleArguments sampling;
  ResponseArguments responding;
  int64_t integers, floats;  // from one member's workspace to the next one's
  int32_t members;
  int32_t per_item;  // several landmarks: what is laid out for a window size serves all of them
};

// So many that members who begin late, or are held up, leave little to wait for.
constexpr int32_t items_per_member = 4;

static inline LandmarkShares landmark_shares(const Kernels& kernels) {
  return {&kernels, SampleArguments(), ResponseArguments(), 0, 0, 1, 1};
}

static inline void keep_landmarks(SampleArguments& given, int32_t first, int32_t count) {
  given.landmarks += 2 * first;
  given.areas += static_cast<int64_t>(first) * given.size * given.size;
  given.count = count;
}

static inline void keep_landmarks(ResponseArguments& given, int32_t first, int32_t count) {
  const int64_t size = given.window + given.support - 1;
  const int64_t positions = static_cast<int64_t>(given.window) * given.window;
  const int64_t neurons = static_cast<int64_t>(first) * given.neurons;
  given.areas += first * size * size;
  given.weights += neurons * (1 + static_cast<int64_t>(given.support) * given.support);
  given.alphas += neurons;
  given.sigmas += given.scalar_sigmas ? first : first * positions * positions;
  given.maps += first * positions;
  given.count = count;
}

static inline void sample_and_respond_item(void* given, int32_t item, int32_t member) {
  const auto& all = *static_cast<const LandmarkShares*>(given);
  const int32_t first = item * all.per_item, left = all.responding.count - first;
  const int32_t count = left < all.per_item ? left : all.per_item;
  SampleArguments sampling = all.sampling;
  ResponseArguments responding = all.responding;
  keep_landmarks(sampling, first, count);
  keep_landmarks(responding, first, count);
  sampling.workspace += member * all.integers;
  responding.workspace += member * all.floats;
  all.kernels->sample(sampling);
  all.kernels->respond(responding);
}

static inline int32_t divided_up(int32_t count, int32_t by) { return (count + by - 1) / by; }

static inline void sample_and_respond(Team& team, LandmarkShares& given) {
  given.per_item = divided_up(given.responding.count, items_per_member * given.members);
  team.share(divided_up(given.responding.count, given.per_item), sample_and_respond_item, &given);
}

}  // namespace pyclnf
