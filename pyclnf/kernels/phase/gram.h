// The matrix of the normal equations: weighted^T * jacobian, every element in the reference's order.
#pragma once

#include <cstddef>

#include "lanes.h"
#include "level.h"
#include "product_order.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

// Two matrices of some rows, both with `stride` floats from row to row.
struct Factors {
  const float* left;
  const float* right;
  int stride;
};

// Sums of the terms from `first` up to `last`, one by one or every other one.
template <int Rows, int Blocks, int Step>
inline void add_terms(const Factors& factors, int row, int column, int first, int last,
                      Lanes (&sums)[Rows][Blocks]) {
  const float* left = factors.left + static_cast<std::ptrdiff_t>(first) * factors.stride + row;
  const float* right =
      factors.right + static_cast<std::ptrdiff_t>(first) * factors.stride + column;
  const std::ptrdiff_t step = static_cast<std::ptrdiff_t>(Step) * factors.stride;
  for (int k = first; k < last; k += Step, left += step, right += step) {
    Lanes across[Blocks];
    for (int b = 0; b < Blocks; ++b) across[b] = load(right + b * kLanes);
    for (int i = 0; i < Rows; ++i) {
      const Lanes down = broadcast(left[i]);
      for (int b = 0; b < Blocks; ++b) sums[i][b] = fused(down, across[b], sums[i][b]);
    }
  }
}

// One running sum per element.
template <int Rows, int Blocks>
inline void running(const Factors& factors, const Tile& tile, int first, int last,
                    Lanes (&sums)[Rows][Blocks]) {
  for (auto& row : sums) {
    for (auto& sum : row) sum = broadcast(0.0f);
  }
  add_terms<Rows, Blocks, 1>(factors, tile.row, tile.column, first, last, sums);
}

// Two sums per element, over even and over odd terms; those beyond whole groups of eight are even.
template <int Rows>
inline void even_odd(const Factors& factors, const Tile& tile, int first, int last,
                     Lanes (&sums)[Rows][1]) {
  const int grouped = first + (last - first) / 8 * 8;
  Lanes odd[Rows][1];
  for (int i = 0; i < Rows; ++i) sums[i][0] = odd[i][0] = broadcast(0.0f);
  const float* left = factors.left + static_cast<std::ptrdiff_t>(first) * factors.stride + tile.row;
  const float* right =
      factors.right + static_cast<std::ptrdiff_t>(first) * factors.stride + tile.column;
  const int stride = factors.stride;
  for (int k = first; k < grouped; k += 2, left += 2 * stride, right += 2 * stride) {
    const Lanes evens = load(right), odds = load(right + stride);
    for (int i = 0; i < Rows; ++i) {
      sums[i][0] = fused(broadcast(left[i]), evens, sums[i][0]);
      odd[i][0] = fused(broadcast(left[stride + i]), odds, odd[i][0]);
    }
  }
  add_terms<Rows, 1, 1>(factors, tile.row, tile.column, grouped, last, sums);
  for (int i = 0; i < Rows; ++i) sums[i][0] = sums[i][0] + odd[i][0];
}

template <int Rows, int Blocks, bool EvenOdd>
inline void tile_product(const Factors& factors, const Tile& tile, int terms, float* product) {
  for (int first = 0, length; first < terms; first += length) {
    length = range_length(terms - first);
    Lanes sums[Rows][Blocks];
    if constexpr (EvenOdd) {
      even_odd<Rows>(factors, tile, first, first + length, sums);
    } else {
      running<Rows, Blocks>(factors, tile, first, first + length, sums);
    }
    for (int i = 0; i < Rows; ++i) {
      for (int b = 0; b < Blocks; ++b) {
        float* to = product + static_cast<std::ptrdiff_t>(tile.row + i) * factors.stride +
                    tile.column + b * kLanes;
        store(to, first == 0 ? sums[i][b] : load(to) + sums[i][b]);
      }
    }
  }
}

template <int Rows>
inline void tile_product(const Factors& factors, const Tile& tile, int terms, float* product) {
  if (tile.even_odd) {
    tile_product<Rows, 1, true>(factors, tile, terms, product);
  } else if (tile.blocks == 2) {
    tile_product<Rows, 2, false>(factors, tile, terms, product);
  } else {
    tile_product<Rows, 1, false>(factors, tile, terms, product);
  }
}

// left^T * right + diag(diagonal), with `stride` floats from row to row; what lies to the right of
// the diagonal's tiles only where it is wanted.
inline void gram(const Factors& factors, int terms, int size, const Tile* tiles, int tile_count,
                 const float* diagonal, bool whole, float* product) {
  for (int t = 0; t < tile_count; ++t) {
    const Tile& tile = tiles[t];
    if (!whole && tile.column >= tile.row + tile.rows) continue;
    if (tile.rows == kTileRows) {
      tile_product<kTileRows>(factors, tile, terms, product);
    } else if (tile.rows == kShortStrip) {
      tile_product<kShortStrip>(factors, tile, terms, product);
    } else {
      tile_product<1>(factors, tile, terms, product);
    }
  }
  for (int i = 0; i < size; ++i) {
    product[static_cast<std::ptrdiff_t>(i) * factors.stride + i] += diagonal[i];
  }
}

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
