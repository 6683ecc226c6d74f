// What the kernels work on. Plain data, laid out alike by pyclnf/backends/cuda/arguments.py.
//
// A batch has F faces; the model n landmarks and m modes, c = 6 + m parameters. Arrays are
// contiguous, the first axis being faces where there is one.
#pragma once

#include <cstdint>

namespace pyclnf::batch {

// A picture to be made grey; pyclnf/image.py. Steps are bytes and may be negative.
struct Picture {
  const uint8_t* pixels;
  int64_t row_step, column_step, colour_step;  // colour_step 0: it is grey already
  uint8_t* grey;  // (height + 4, width + 4) out, zeros around the picture
  int32_t height, width;
};

struct GreyArguments {
  const Picture* pictures;
  int64_t blocks;  // of each picture
};

struct Model {
  const float* mean;        // (3, n)
  const float* components;  // (3n, m)
  const float* by_mode;     // (m, 3n)
  const float* limits;      // (m,)
  int32_t landmarks, modes;
};

// Where the faces are. A face that cannot go on keeps what it has, and why.
struct State {
  float* global;     // (F, 6)
  float* local;      // (F, m)
  float* rotation;   // (F, 3, 3)
  float* shape;      // (F, 3, n)
  float* landmarks;  // (F, n, 2)
  int32_t* status;   // (F,)
};

enum Status : int32_t { active = 0, diverged = 1, too_small = 2, none_visible = 3 };

// Parameters from boxes; PointDistributionModel.parameters_from_box.
struct StartArguments {
  Model model;
  State state;             // out
  const float* boxes;      // (F, 4)
  const float* rotations;  // (F, 3), radians
  int32_t faces;
};

// Views and similarities; pyclnf/kernels/responses/placing.h.
struct PlaceArguments {
  State state;
  const double* centers;  // (n_views, 3), radians
  int32_t* views;         // (F,) out
  int32_t* scales;        // (F,) out: which scale they are of
  float* to_reference;    // (F, 2, 2) out
  float* to_image;        // (F, 2, 2) out
  float* workspace;       // (F, 8n)
  int32_t faces, landmarks, n_views;
  int32_t index;  // of the scale
  float scale;    // of its experts
};

// The experts of one view; all null if they are not prepared.
struct View {
  const int32_t* rows;       // (n,): which expert a landmark has; -1 if it is invisible
  const float* confidences;  // (n,)
  const float* weights;      // (v, neurons / 4, 1 + support**2, 4), neurons padded with zeros
  const double* alphas;      // (v, neurons)
  const uint8_t* even_odd;   // (neurons, p), p = window**2: which sums are of two chains
  const float* sigmas;       // (v, p, p) transposed, or (v,)
  int32_t support, neurons;  // neurons: a multiple of four
  int32_t scalar_sigmas, visible;
};

struct Frame {
  const uint8_t* grey;  // (height + 4, width + 4)
  int32_t height, width;
};

// Response maps; pyclnf/experts/ccnf.py.
struct RespondArguments {
  const Frame* frames;
  const int32_t* frame_of;   // (F,)
  const float* landmarks;    // (F, n, 2)
  const float* to_image;     // (F, 2, 2)
  const int32_t* view_of;    // (F,)
  const int32_t* status;     // (F,)
  const View* views;
  const int32_t* weight_groups;  // (n, 2): terms that are summed by themselves
  const int32_t* sigma_groups;
  float* maps;   // (F, n, p) out; those of invisible landmarks are left alone
  float* areas;  // (F, n, size, size) out, or null
  int32_t n_weight_groups, n_sigma_groups;
  int32_t faces, n, window;
};

// A sum of the normal equations' matrix.
struct Element {
  int16_t row, column;
  int32_t even_odd;
};

struct Elements {
  const Element* all;
  int32_t count;
};

// Where every iteration of a single phase leaves its arrays: max_iterations of each.
struct Record {
  State before;  // no status
  float *offsets, *mean_shifts, *jacobian, *hessian, *right, *change, *global, *local;
};

// The phases of one scale; pyclnf/nu_rlms.py, and the end of a scale of pyclnf/fitting.py.
struct ScaleArguments {
  Model model;
  State state;
  const float* base;          // (F, n, 2): the landmarks that the maps were taken around
  const float* to_reference;  // (F, 2, 2)
  const float* to_image;      // (F, 2, 2)
  const int32_t* view_of;     // (F,)
  const View* views;
  const float* maps;     // (F, n, p)
  const float* kernels;  // (10w)^2 x p; KernelTable
  const float* prior;    // (c,): r / Lambda, 0 for global parameters
  Elements rigid, nonrigid;
  const int32_t* term_groups;  // (n_term_groups, 2) of the 2n rows of a Jacobian
  float* offsets;              // (F, n, 2) out; without a phase, in
  double* likelihoods;         // (F,) out, where one is due
  int32_t* iterations;         // (F, 2) out: of each phase
  int32_t* reshaped;           // (F,) out: whether the local parameters are others
  const Record* record;        // or null; then there is one face and one phase
  double* memory;              // of each block, where a GPU's shared memory is too small; or null
  int64_t memory_size;         // doubles of each
  int32_t n_term_groups;
  int32_t faces, window, max_iterations;
  int32_t phases;      // 0: none, 1: rigid, 2: non-rigid, 3: both, as a scale has them
  int32_t likelihood;  // 0: none, 1: of very small faces, 2: of all
  float weight_factor;  // 0 to weigh all landmarks alike
  float sigma;          // the likelihood's
};

}  // namespace pyclnf::batch
