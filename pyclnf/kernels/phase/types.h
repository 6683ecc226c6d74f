// What goes into a phase of NU-RLMS and comes out of it. Plain data: the same for every SIMD level.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyclnf::phase {

constexpr int kRigid = 6;        // global parameters: scale, rx, ry, rz, tx, ty
constexpr int kLanes = 8;        // columns and rows are padded to a multiple of it
constexpr std::size_t kAlignment = 64;

constexpr int padded(int count) { return (count + kLanes - 1) / kLanes * kLanes; }

// A point distribution model of n landmarks and m modes, laid out for the kernels.
struct Model {
  int landmarks;           // n
  int modes;               // m
  const float* mean;       // 3 x padded(n): x of all landmarks, then y, then z
  const float* by_mode;    // m x 3 x padded(n): the modes, one after another
  const float* by_point;   // 3n x padded(6 + m): six zeros, then a point's modes: rows of a Jacobian
  const float* limits;     // m: three standard deviations of each mode
};

// What stays the same during a phase. Arrays are contiguous, in row-major order.
struct Task {
  bool rigid;
  int window;                // w, map px
  int max_iterations;        // at least 1
  const float* maps;         // n x w x w
  const std::uint8_t* visible;     // n
  const float* base;         // n x 2: the landmarks that the maps were taken around
  float to_reference[4];     // 2 x 2 scaled rotation, picture to the experts' frame
  float to_image[4];         // and back
  const float* kernels;      // (10w)^2 x w^2, see mean_shift.h
  const float* prior;        // 6, or 6 + m: the diagonal r / Lambda
  const float* weights;      // n, or null to weigh all landmarks alike
};

// A shape and what is derived from its parameters; read before a phase, written after it.
struct State {
  float* global;       // 6
  float* local;        // m
  float* rotation;     // 3 x 3
  float* shape;        // 3 x n, model coordinates
  float* landmarks;    // n x 2, px
};

// Where every iteration leaves its arrays for an observer: max_iterations of each, one after another.
// All null where nobody looks.
struct Record {
  State before;            // the shape that an iteration started from
  float* offsets;          // n x 2
  float* mean_shifts;      // n x 2
  float* jacobian;         // 2n x c, with c = 6 or 6 + m
  float* hessian;          // c x c
  float* right;            // c
  float* change;           // c
  float* global;           // 6, after the iteration
  float* local;            // m, after the iteration
};

struct Outcome {
  int iterations;          // how many were executed
  bool diverged;           // the last one gave parameters that are not finite, and was thrown away
  bool reshaped;           // the local parameters are not those of the start any more
};

}  // namespace pyclnf::phase
