// The fit in steps: OpenFace's private routines, one call each, and the quantities on the way that it keeps to itself.
#pragma once

#include "model.h"

namespace bridge {

// What a scale learns from the picture before its phases.
struct Responses {
  int scale = 0;
  int view = 0;
  int window_size = 0;
  cv::Matx22f to_reference;
  cv::Matx22f to_image;
  Matrix base_shape; // (2n, 1)
  std::vector<Matrix> areas;
  std::vector<Matrix> maps;
};

struct Parameters {
  cv::Vec6f global;
  Matrix local; // (m, 1)
};

struct Similarity {
  cv::Matx22f to_reference;
  cv::Matx22f to_image;
};

// One iteration: what went in, what it computed, what came out.
struct Iteration {
  Matrix shape;         // (2n, 1)
  Matrix offsets;       // (n, 2)
  Matrix mean_shift;    // (2n, 1), map px
  Matrix jacobian;      // (2n, 6) or (2n, 6 + m), rows of invisible landmarks included
  Matrix hessian;       // (c, c)
  Matrix right;         // (c, 1)
  Matrix change;        // (c, 1)
  Parameters out;
  float likelihood = 0; // of the start of this iteration
};

struct PhaseResult {
  Parameters out;
  float likelihood = 0;
};

void forget_kernels(LandmarkDetector::CLNF& clnf);

Plan plan_scale(const Model& model, const Settings& settings, int scale);
Similarity similarity(const Model& model, const Parameters& parameters, int scale);
Responses responses(Model& model, const cv::Mat_<uchar>& grey, const Parameters& parameters, int window_size,
                    int scale);
// Positions in the response maps, (n, 2) map px.
Matrix map_offsets(const Matrix& shape, const Responses& responses);
// (2n, 1) map px. With its own kernel table, the model's are neither used nor changed.
Matrix mean_shift(Model& model, const std::vector<Matrix>& maps, const Matrix& offsets, int window_size, float sigma,
                  int scale, int view, KernelTables& tables);
PhaseResult run_phase(Model& model, const Responses& responses, const Plan& plan, const Parameters& start, bool rigid,
                      int max_iterations);
// run_phase with one iteration, and everything on the way.
Iteration iterate(Model& model, const Responses& responses, const Plan& plan, const Parameters& start, bool rigid);

} // namespace bridge
