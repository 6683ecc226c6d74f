// In which order the elements of the normal equations' matrix are summed: the rules of
// pyclnf/arithmetic/product_order.py, as a list of tiles to compute.
#pragma once

#include "level.h"
#include "types.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

constexpr int kLargestRange = 320;  // columns of a panel, terms of a group
constexpr int kStrip = 12;
constexpr int kShortStrip = 4;
constexpr int kTileRows = 6;

// Elements that are summed alike: some rows, one or two blocks of eight columns.
struct Tile {
  int row, rows;
  int column, blocks;
  bool even_odd;
};

// How long the next range of columns or terms is.
inline int range_length(int left) {
  if (left >= 2 * kLargestRange) return kLargestRange;
  return left > kLargestRange ? padded(left / 2) : left;
}

// At most so many tiles cover a square matrix.
inline int most_tiles(int size) {
  return (size / kTileRows + 6) * (padded(size) / kLanes) + 1;
}

class Tiler {
 public:
  Tiler(int size, Tile* tiles) : size_(size), tiles_(tiles) {}

  // Cover a square matrix; return the number of tiles.
  int cover() {
    for (int start = 0, length; start < size_; start += length) {
      length = range_length(size_ - start);
      panel(start, start + length);
    }
    return count_;
  }

 private:
  void panel(int start, int stop) {
    const int whole = size_ - size_ % kStrip;
    const int blocks = (stop - start) / kLanes;
    for (int top = 0; top < whole; top += kStrip) {
      // The upper six rows have the first block in even-odd order, and one half of them the last.
      const bool mixed = blocks >= 2;
      const int last = start + (blocks - 1) * kLanes;
      const int upper = mixed && blocks % 2 == 0 ? last : -1;
      const int lower = mixed && blocks % 2 == 1 ? last : -1;
      group(top, kTileRows, start, stop, mixed ? start : -1, upper);
      group(top + kTileRows, kTileRows, start, stop, -1, lower);
    }
    const int beyond = size_ - whole;
    int row = whole;
    const bool first_panel = start == 0;
    for (; size_ - row >= kShortStrip; row += kShortStrip) {
      // A later panel's strip of eight rows is running, one of four is not.
      const bool even_odd = first_panel || beyond < 2 * kShortStrip;
      for (int column = start; column < stop; column += kLanes) {
        add({row, kShortStrip, column, 1, even_odd && column + kLanes <= stop});
      }
    }
    for (; row < size_; ++row) group(row, 1, start, stop, -1, -1);
  }

  // Rows that are summed in running order but for up to two blocks.
  void group(int row, int rows, int start, int stop, int even_odd, int also_even_odd) {
    for (int column = start; column < stop;) {
      const int next = column + kLanes;
      const bool apart = column == even_odd || column == also_even_odd;
      const bool pair = !apart && next < stop && next != even_odd && next != also_even_odd;
      add({row, rows, column, pair ? 2 : 1, apart});
      column += (pair ? 2 : 1) * kLanes;
    }
  }

  void add(const Tile& tile) { tiles_[count_++] = tile; }

  int size_;
  Tile* tiles_;
  int count_ = 0;
};

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
