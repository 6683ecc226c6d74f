// What a network is made of and looks at. Plain data: the same for every SIMD level.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyclnf::detection {

constexpr int kBlock = 8;    // outputs of a convolution that are summed side by side
constexpr int kStrip = 12;   // windows whose sums have one pattern of orders
constexpr int kShortStrip = 4;
constexpr int kTogether = 104512;  // windows after which strips begin anew
constexpr int kBeyond = 64;  // floats beyond a buffer's end, up to which whole vectors may reach

struct Shape {
  std::int64_t maps, height, width;

  std::int64_t plane() const { return height * width; }
  std::int64_t size() const { return maps * plane(); }
};

enum class Kind : std::int32_t {
  kConvolution,
  kPooling,
  kRectifier,
  kPixelwise,  // connects maps pixel by pixel, in double
  kOrdered,    // connects all numbers, in the order of the reference's BLAS
  kWide,       // connects all numbers, in double
};

// Maps are planes, one after another.
struct Layer {
  Kind kind;
  std::int32_t inputs, outputs;               // maps, or numbers
  std::int32_t height, width, step_y, step_x;  // of windows, px
  // Of a convolution: by blocks of eight outputs, terms map by map, columns of a kernel in each, the
  // bias as the last one. Of a connection: (inputs, outputs), rows padded to a multiple of 16. Of a
  // rectifier: slopes.
  const float* weights;
  const float* biases;                        // of a connection, padded likewise
  const std::int32_t* groups;                 // (n, 2): terms that are summed by themselves
  std::int32_t n_groups;
};

struct Network {
  const Layer* layers;
  std::int32_t count;
};

// A part of a picture, and the size that it is scaled to. Outside the picture it is black.
struct View {
  const std::uint8_t* planes;         // (3, height, width)
  std::int64_t height, width;
  std::int64_t left, upper, rows, columns;
  std::int32_t scaled_height, scaled_width;
};

struct Suppression {
  const std::int32_t* boxes;  // (count, 4): x, y, width, height, the best first
  std::int64_t count;
  float most;                 // overlap
  bool of_smaller;
  std::uint8_t* stays;        // (count,) out
};

}  // namespace pyclnf::detection
