// Where landmarks lie in their response maps and how far these pull them, see pyclnf/mean_shift.py.
#pragma once

#include <cstddef>

#include "cells.h"
#include "lanes.h"
#include "level.h"
#include "types.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

// Apply a 2 x 2 matrix to vectors.
inline void transform(const float* matrix, const float* x, const float* y, int count, float* to_x,
                      float* to_y) {
  for (int i = 0; i < count; ++i) {
    const Vector2 moved = transformed(matrix, x[i], y[i]);
    to_x[i] = moved.x, to_y[i] = moved.y;
  }
}

// Eight landmarks at a time: a map's sums run in its own order, side by side with seven others'.
class MeanShift {
 public:
  MeanShift(const Task& task, const int* seen, int seen_count)
      : task_(task), seen_(seen), count_(seen_count), area_(task.window * task.window) {}

  // Write the shifts of visible landmarks; the others' places are left alone.
  void operator()(const float* dx, const float* dy, float* shift_x, float* shift_y) const {
    for (int first = 0; first < count_; first += kLanes) {
      block(first, dx, dy, shift_x, shift_y);
    }
  }

 private:
  // Weights and their first moments.
  struct Sums {
    Lanes weight = broadcast(0.0f), column = broadcast(0.0f), row = broadcast(0.0f);

    void add(Lanes weights, int at_column, int at_row) {
      weight = weight + weights;
      column = column + weights * broadcast(static_cast<float>(at_column));
      row = row + weights * broadcast(static_cast<float>(at_row));
    }
  };

  void block(int first, const float* dx, const float* dy, float* shift_x, float* shift_y) const {
    const float highest = static_cast<float>(task_.window) - 0.1f;
    const std::ptrdiff_t cells = task_.window * kCellsPerPixel;
    const int used = count_ - first < kLanes ? count_ - first : kLanes;
    const float* maps[kLanes];
    const float* kernels[kLanes];
    float x[kLanes], y[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) {  // idle lanes repeat the last landmark
      const int landmark = seen_[first + (lane < used ? lane : used - 1)];
      x[lane] = clamped_offset(dx[landmark], highest);
      y[lane] = clamped_offset(dy[landmark], highest);
      maps[lane] = task_.maps + static_cast<std::ptrdiff_t>(landmark) * area_;
      kernels[lane] =
          task_.kernels + (kernel_cell(x[lane]) * cells + kernel_cell(y[lane])) * area_;
    }
    const Sums sums = sum(maps, kernels);
    float weight[kLanes], column[kLanes], row[kLanes];
    store(weight, sums.weight);
    store(column, sums.column);
    store(row, sums.row);
    for (int lane = 0; lane < used; ++lane) {
      const int landmark = seen_[first + lane];
      shift_x[landmark] = column[lane] / weight[lane] - x[lane];
      shift_y[landmark] = row[lane] / weight[lane] - y[lane];
    }
  }

  Sums sum(const float* const (&maps)[kLanes], const float* const (&kernels)[kLanes]) const {
    Sums sums;
    int column = 0, row = 0, place = 0;
    const auto advance = [&] {
      if (++column == task_.window) column = 0, ++row;
    };
    for (; place + kLanes <= area_; place += kLanes) {
      Lanes weights[kLanes];
      for (int lane = 0; lane < kLanes; ++lane) {
        weights[lane] = load(maps[lane] + place) * load(kernels[lane] + place);
      }
      transpose(weights);
      for (const Lanes& at_place : weights) {
        sums.add(at_place, column, row);
        advance();
      }
    }
    for (; place < area_; ++place) {
      float weights[kLanes];
      for (int lane = 0; lane < kLanes; ++lane) {
        weights[lane] = maps[lane][place] * kernels[lane][place];
      }
      sums.add(load(weights), column, row);
      advance();
    }
    return sums;
  }

  const Task& task_;
  const int* seen_;
  int count_;
  int area_;
};

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
