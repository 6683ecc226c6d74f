// Convolutions, every sum in the order of pyclnf/arithmetic/product_order.py: twelve windows of
// a strip times eight outputs of a block at a time, each sum in a lane of its own.
#pragma once

#include <cstring>

#include "../simd/eight.h"
#include "maps.h"

namespace pyclnf::detection::PYCLNF_LEVEL {
namespace {

namespace eight = pyclnf::PYCLNF_LEVEL::eight;
using eight::Lanes;

// The terms of a strip's windows: those of window i lie at values + offsets[term] + i.
struct Terms {
  const float* values;
  const std::int64_t* offsets;
  std::int64_t count;  // without the bias
};

template <int Windows>
PYCLNF_INLINE void add_term(const Terms& terms, std::int64_t t, const float* weights,
                            Lanes (&sums)[Windows]) {
  const float* const values = terms.values + terms.offsets[t];
  const Lanes weight = eight::load(weights + t * kBlock);
  PYCLNF_UNROLL for (int i = 0; i < Windows; ++i) {
    sums[i] = eight::fused(eight::broadcast(values[i]), weight, sums[i]);
  }
}

template <int Windows>
PYCLNF_INLINE void add_bias(const Terms& terms, const float* weights, Lanes (&sums)[Windows]) {
  const Lanes bias = eight::load(weights + terms.count * kBlock);
  PYCLNF_UNROLL for (int i = 0; i < Windows; ++i) sums[i] = bias + sums[i];
}

template <int Windows>
PYCLNF_INLINE void clear(Lanes (&sums)[Windows]) {
  PYCLNF_UNROLL for (int i = 0; i < Windows; ++i) sums[i] = eight::broadcast(0.0f);
}

// One sum of a group of terms per window and output.
template <int Windows>
PYCLNF_INLINE void running(const Terms& terms, const float* weights, std::int64_t start,
                           std::int64_t stop, Lanes (&sums)[Windows]) {
  clear<Windows>(sums);
  const std::int64_t last = stop < terms.count ? stop : terms.count;
  for (std::int64_t t = start; t < last; ++t) add_term<Windows>(terms, t, weights, sums);
  if (stop > terms.count) add_bias<Windows>(terms, weights, sums);
}

// Two, over even and odd terms; those beyond whole groups of eight are even.
template <int Windows>
PYCLNF_INLINE void even_odd(const Terms& terms, const float* weights, std::int64_t start,
                            std::int64_t stop, Lanes (&sums)[Windows]) {
  Lanes odd[Windows];
  clear<Windows>(sums);
  clear<Windows>(odd);
  const std::int64_t grouped = start + (stop - start) / 8 * 8;
  const std::int64_t last = stop < terms.count ? stop : terms.count;
  std::int64_t t = start;
  for (; t + 1 < grouped && t + 1 < last; t += 2) {
    add_term<Windows>(terms, t, weights, sums);
    add_term<Windows>(terms, t + 1, weights, odd);
  }
  for (; t < last; ++t) add_term<Windows>(terms, t, weights, sums);
  if (stop > terms.count && terms.count < grouped) {
    add_bias<Windows>(terms, weights, odd);
  } else if (stop > terms.count) {
    add_bias<Windows>(terms, weights, sums);
  }
  PYCLNF_UNROLL for (int i = 0; i < Windows; ++i) sums[i] = sums[i] + odd[i];
}

// The sums of some windows with a block of outputs, into rows of eight.
template <int Windows, bool EvenOdd>
static void block_sums(const Layer& layer, const Terms& terms, const float* weights, float* rows) {
  for (std::int32_t group = 0; group < layer.n_groups; ++group) {
    const std::int64_t start = layer.groups[2 * group], stop = layer.groups[2 * group + 1];
    Lanes sums[Windows];
    if constexpr (EvenOdd) {
      even_odd<Windows>(terms, weights, start, stop, sums);
    } else {
      running<Windows>(terms, weights, start, stop, sums);
    }
    PYCLNF_UNROLL for (int i = 0; i < Windows; ++i) {
      float* const row = rows + i * kBlock;
      eight::store(row, group == 0 ? sums[i] : eight::load(row) + sums[i]);
    }
  }
}

// Half a strip: six windows.
inline void half_strip(const Layer& layer, const Terms& terms, const float* weights, bool paired,
                       float* rows) {
  constexpr int kHalf = kStrip / 2;
  if (paired) {
    block_sums<kHalf, true>(layer, terms, weights, rows);
  } else {
    block_sums<kHalf, false>(layer, terms, weights, rows);
  }
}

// A whole strip. Only the first and the last whole block have sums in even-odd order.
inline void strip_sums(const Layer& layer, const Terms& terms, std::int32_t block,
                       const float* weights, float* rows) {
  const std::int32_t blocks = layer.outputs / kBlock;
  const bool last = blocks >= 2 && block == blocks - 1;
  const bool upper = blocks >= 2 && (block == 0 || (last && blocks % 2 == 0));
  const bool lower = last && blocks % 2 == 1;
  if (!upper && !lower) {
    block_sums<kStrip, false>(layer, terms, weights, rows);
    return;
  }
  const Terms second{terms.values + kStrip / 2, terms.offsets, terms.count};
  half_strip(layer, terms, weights, upper, rows);
  half_strip(layer, second, weights, lower, rows + kStrip / 2 * kBlock);
}

inline void short_strip_sums(const Layer& layer, const Terms& terms, std::int32_t block,
                             const float* weights, float* rows) {
  if (block < layer.outputs / kBlock) {
    block_sums<kShortStrip, true>(layer, terms, weights, rows);
  } else {
    block_sums<kShortStrip, false>(layer, terms, weights, rows);
  }
}

// Rows of eight outputs into the outputs' planes, of which `window` is the first to be written.
inline void scatter(const float* rows, int windows, int outputs, std::int64_t plane, float* to) {
  for (int first = 0; first < windows; first += kBlock) {
    Lanes block[kBlock];
    PYCLNF_UNROLL for (int i = 0; i < kBlock; ++i) {
      block[i] = eight::load(rows + (first + i) * kBlock);
    }
    eight::transpose(block);
    const int some = windows - first < kBlock ? windows - first : kBlock;
    for (int output = 0; output < outputs; ++output) {
      float* const out = to + output * plane + first;
      if (some == kBlock) {
        eight::store(out, block[output]);
      } else {
        float all[kBlock];
        eight::store(all, block[output]);
        std::memcpy(out, all, static_cast<std::size_t>(some) * sizeof(float));
      }
    }
  }
}

constexpr std::int64_t kPitch = 16;  // of packed terms: a strip, and what is copied beyond it

// Moves over the windows of a convolution, row by row, strip by strip.
class Convolver {
 public:
  // `memory` is of convolution_floats.
  Convolver(const Layer& layer, const Shape& shape, const float* maps, float* memory, float* out)
      : layer_(layer),
        shape_(shape),
        columns_(shape.width - layer.width + 1),
        windows_((shape.height - layer.height + 1) * columns_),
        terms_(static_cast<std::int64_t>(layer.inputs) * layer.height * layer.width),
        maps_(maps),
        offsets_(reinterpret_cast<std::int64_t*>(memory)),
        packed_offsets_(offsets_ + terms_),
        packed_(memory + 4 * terms_),
        out_(out) {
    std::int64_t* offset = offsets_;
    for (std::int64_t map = 0; map < layer.inputs; ++map) {
      for (std::int64_t x = 0; x < layer.width; ++x) {
        for (std::int64_t y = 0; y < layer.height; ++y) {
          *offset++ = map * shape.plane() + y * shape.width + x;
        }
      }
    }
    for (std::int64_t t = 0; t < terms_; ++t) packed_offsets_[t] = t * kPitch;
  }

  void run() {
    std::int64_t window = 0;
    while (window < windows_) {
      const std::int64_t left = windows_ - window;
      const std::int64_t stop = window + (left < kTogether ? left : kTogether);
      for (; stop - window >= kStrip; window += kStrip) strip<kStrip>(window);
      for (; stop - window >= kShortStrip; window += kShortStrip) strip<kShortStrip>(window);
      for (; window < stop; ++window) strip<1>(window);
    }
  }

 private:
  template <int Windows>
  void strip(std::int64_t window) {
    const Terms terms = place<Windows>(window);
    const std::int64_t block_floats = (terms_ + 1) * kBlock;
    const float* weights = layer_.weights;
    for (std::int32_t first = 0; first < layer_.outputs; first += kBlock, weights += block_floats) {
      float rows[kPitch * kBlock] = {};
      if constexpr (Windows == kStrip) {
        strip_sums(layer_, terms, first / kBlock, weights, rows);
      } else if constexpr (Windows == kShortStrip) {
        short_strip_sums(layer_, terms, first / kBlock, weights, rows);
      } else {
        block_sums<1, false>(layer_, terms, weights, rows);
      }
      const int outputs = layer_.outputs - first < kBlock ? layer_.outputs - first : kBlock;
      scatter(rows, Windows, outputs, windows_, out_ + first * windows_ + window);
    }
  }

  // The terms of a strip as they lie in the maps, if its windows are in one row, or else packed.
  template <int Windows>
  Terms place(std::int64_t window) {
    const std::int64_t column = window % columns_;
    const float* const from = maps_ + window / columns_ * shape_.width + column;
    if (column + Windows <= columns_) return {from, offsets_, terms_};
    const std::int64_t first = columns_ - column;
    pack<Windows>(from, first);
    return {packed_, packed_offsets_, terms_};
  }

  // Later rows overwrite what is copied beyond the end of earlier ones.
  template <int Windows>
  void pack(const float* from, std::int64_t first) {
    for (std::int64_t t = 0; t < terms_; ++t) {
      const float* row = from + offsets_[t];
      float* const to = packed_ + t * kPitch;
      copy(row, first, to);
      row += first + layer_.width - 1;
      for (std::int64_t i = first; i < Windows; i += columns_, row += shape_.width) {
        copy(row, Windows - i < columns_ ? Windows - i : columns_, to + i);
      }
    }
  }

  // At least `count` floats, which are at most a strip's.
  static void copy(const float* from, std::int64_t count, float* to) {
    for (std::int64_t i = 0; i < count; i += 4) std::memcpy(to + i, from + i, 4 * sizeof(float));
  }

  const Layer& layer_;
  const Shape& shape_;
  std::int64_t columns_, windows_, terms_;
  const float* maps_;
  std::int64_t* offsets_;
  std::int64_t* packed_offsets_;
  float* packed_;
  float* out_;
};

inline std::size_t convolution_floats(const Layer& layer) {
  const auto terms = static_cast<std::size_t>(layer.inputs) * static_cast<std::size_t>(layer.height) *
                     static_cast<std::size_t>(layer.width);
  return terms * (4 + static_cast<std::size_t>(kPitch)) + kBeyond;
}

}  // namespace
}  // namespace pyclnf::detection::PYCLNF_LEVEL
