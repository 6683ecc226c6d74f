// What every level offers: its kernels, as function pointers, and their arguments.
//
// Nothing here is compiled per level; see README.md.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pyclnf {

// A picture made grey within a border of zeros; pyclnf/image.py.
struct GreyArguments {
  const uint8_t* pixels;  // (height, width, 3), blue, green, red; or (height, width)
  int64_t height, width;
  int64_t row_step, column_step;  // bytes; may be negative
  int64_t colour_step;  // 0 if the picture is grey
  uint8_t* grey;  // (height + 4, width + 4) out
};

// View and similarity of a face; pyclnf/experts/views.py, pyclnf/similarity.py.
struct PlaceArguments {
  const double* centers;  // (n_views, 3), radians
  int32_t n_views;
  const float* euler;  // (3,)
  const float* landmarks;  // (n, 2)
  const float* shape_3d;  // (3, n)
  int32_t n;
  float scale;  // of the experts
  float* to_reference;  // (2, 2) out
  float* to_image;  // (2, 2) out
  float* workspace;  // 8 * n
};

// Grey values around landmarks; pyclnf/experts/area_of_interest.py.
struct SampleArguments {
  const uint8_t* pixels;  // (height + 4, width + 4), zeros around the picture
  int32_t height, width;  // of the picture itself
  const float* landmarks;  // (count, 2)
  int32_t count;
  float a, b;  // first row of the similarity from experts' frame to picture: a, -b
  int32_t size;
  float* areas;  // (count, size, size) out
  int32_t* workspace;  // 2 * (size + 16) + 3 * (size**2 + 16)
};

// Response maps of one view's visible landmarks; pyclnf/experts/ccnf.py.
struct ResponseArguments {
  const float* areas;  // (count, size, size), size = window + support - 1
  int32_t count, window, support;
  const float* weights;  // (count, neurons, 1 + support**2)
  int32_t neurons;
  const double* alphas;  // (count, neurons)
  const uint8_t* even_odd;  // (neurons, window**2): which sums are of two chains
  const int32_t* weight_groups;  // (n, 2): terms that are summed by themselves
  int32_t n_weight_groups;
  const float* sigmas;  // (count, p, p) transposed, p = window**2, 16 floats more; or (count,)
  bool scalar_sigmas;
  const int32_t* sigma_groups;
  int32_t n_sigma_groups;
  float* maps;  // (count, window, window) out
  float* workspace;
};

// Inverses of positive definite matrices; ReferenceOrder.invert.
struct InvertArguments {
  const float* matrices;  // (count, size, size)
  int64_t count, size;
  bool blocked;  // the order of pyclnf/arithmetic/blocked_cholesky.py, not cholesky.py
  float* inverses;  // (count, size, size) out
  float* workspace;
};

// A convolutional layer, of windows at all places of the maps' rows one after another;
// pyclnf/validation/convolution.py.
struct ConvolutionArguments {
  const float* maps;  // at least pitch + places' largest + 1
  const int32_t* places;  // (terms - 1,): a window's pixels, from its first one on
  const float* weights;  // (terms, kernels), biases last
  int32_t terms, kernels;
  const int32_t* groups;  // (n, 2): terms that are summed by themselves
  int32_t n_groups;
  const int32_t* even_odd;  // (n, 2): window and kernel of sums in the even-odd order
  int64_t n_even_odd;
  int64_t pitch;  // of outputs; windows in whole vectors
  float* outputs;  // (kernels, pitch) out
};

// A product of matrices; pyclnf/arithmetic/product_order.py.
struct ProductArguments {
  const float* left;  // (rows, terms)
  const float* right;  // (terms, columns)
  int64_t rows, terms, columns;  // columns of whole vectors: a multiple of 16
  const uint8_t* even_odd;  // (rows, columns): which sums are of two chains
  const int32_t* groups;  // (n, 2): terms that are summed by themselves
  int32_t n_groups;
  float* product;  // (rows, columns) out
};

struct Kernels {
  int lanes;
  void (*grey)(const GreyArguments&);
  int32_t (*place)(const PlaceArguments&);  // returns the view
  void (*sample)(const SampleArguments&);
  std::size_t (*response_floats)(const ResponseArguments&);  // size of its workspace
  void (*respond)(const ResponseArguments&);
  std::size_t (*inverse_floats)(std::int64_t size);  // size of invert's workspace
  void (*invert)(const InvertArguments&);
  void (*convolve)(const ConvolutionArguments&);
  void (*multiply)(const ProductArguments&);
  void (*exponential)(const float* x, std::int64_t count, float* powers);
  void (*fused)(const float* a, const float* b, const float* c, std::int64_t count, float* sums);
};

extern const Kernels baseline_kernels;
#if defined(PYCLNF_X86)
extern const Kernels avx2_kernels;
extern const Kernels avx512_kernels;
#endif

}  // namespace pyclnf
