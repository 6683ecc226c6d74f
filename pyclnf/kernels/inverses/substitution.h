// Unknowns of a triangular system, group by group; pyclnf/arithmetic/blocked_cholesky.py.
//
// Lanes are right-hand sides. Factors lie as [earlier unknown][unknown], right-hand sides as
// [unknown][right-hand side], and the solution takes their place.
#pragma once

#include "../simd/partial.h"

namespace pyclnf::PYCLNF_LEVEL {

// The earlier unknowns that a running sum goes over, in order.
struct Earlier {
  int64_t first, end, step;
};

struct System {
  const float* factors;
  int64_t factor_pitch;
  const float* reciprocals;  // of the diagonal
  float* right;
  int64_t right_pitch;
};

// Fused running sums of R unknowns and V vectors of right-hand sides.
template <int R, int V>
PYCLNF_INLINE void running_sums(const System& in, int64_t unknown, Earlier over,
                                Float (&sums)[R][V]) {
  PYCLNF_UNROLL for (int i = 0; i < R; ++i) {
    PYCLNF_UNROLL for (int v = 0; v < V; ++v) sums[i][v] = set(0.0f);
  }
  for (int64_t k = over.first; k != over.end; k += over.step) {
    const float* factors = in.factors + k * in.factor_pitch + unknown;
    Float known[V];
    PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
      known[v] = load(in.right + k * in.right_pitch + v * lanes);
    }
    PYCLNF_UNROLL for (int i = 0; i < R; ++i) {
      const Float factor = set(factors[i]);
      PYCLNF_UNROLL for (int v = 0; v < V; ++v) sums[i][v] = fma(factor, known[v], sums[i][v]);
    }
  }
}

// Takes what a known unknown explains from those that are open.
template <bool Fused, int V>
PYCLNF_INLINE void take(float factor, const Float (&known)[V], Float (&open)[V]) {
  PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
    open[v] = Fused ? fma(set(-factor), known[v], open[v])
                    : sub(open[v], mul(set(factor), known[v]));
  }
}

// Solves for a group of R unknowns, upwards or downwards; `count` right-hand sides are stored.
template <int R, int V, bool Upwards, bool Fused>
PYCLNF_INLINE void solve_group(const System& in, int64_t unknown, Earlier over, int64_t count) {
  Float open[R][V];
  running_sums<R, V>(in, unknown, over, open);
  float* right = in.right + unknown * in.right_pitch;
  PYCLNF_UNROLL for (int i = 0; i < R; ++i) {
    PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
      open[i][v] = sub(load(right + i * in.right_pitch + v * lanes), open[i][v]);
    }
  }
  PYCLNF_UNROLL for (int step = 0; step < R; ++step) {
    const int i = Upwards ? R - 1 - step : step;
    const float* factors = in.factors + (unknown + i) * in.factor_pitch + unknown;
    PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
      open[i][v] = mul(open[i][v], set(in.reciprocals[unknown + i]));
    }
    PYCLNF_UNROLL for (int other = 0; other < R; ++other) {
      if (Upwards ? other < i : other > i) take<Fused>(factors[other], open[i], open[other]);
    }
  }
  PYCLNF_UNROLL for (int i = 0; i < R; ++i) {
    PYCLNF_UNROLL for (int v = 0; v < V; ++v) {
      if (v * lanes < count) {
        store_first(right + i * in.right_pitch + v * lanes, count - v * lanes, open[i][v]);
      }
    }
  }
}

// The width of the next group where so many unknowns, at least one, are left.
PYCLNF_INLINE int64_t group_width(int64_t left) {
  return left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
}

}  // namespace pyclnf::PYCLNF_LEVEL
