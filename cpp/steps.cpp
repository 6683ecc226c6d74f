#include "steps.h"

#include "private_access.h"

extern "C" void sgemm_(char*, char*, int*, int*, int*, float*, float*, int*, float*, int*, float*, float*, int*);

namespace bridge {

using LandmarkDetector::CLNF;
using LandmarkDetector::FaceModelParameters;

namespace {

constexpr int kLastAdaptedScale = 2;
constexpr double kCoarsest = 0.25;
constexpr float kSmallestRegFactor = 0.001F;

KernelTables& kernels(CLNF& clnf) { return clnf.*address(access::Kernels{}); }

FaceModelParameters parameters_of(const Model& model, const Plan& plan, int max_iterations) {
  Settings settings;
  settings.sigma = plan.sigma;
  settings.reg_factor = plan.reg_factor;
  settings.weight_factor = plan.weight_factor;
  settings.max_iterations = max_iterations;
  return settings.parameters(model.n_scales());
}

Matrix two_columns(const Matrix& column) { return column.reshape(1, 2).t(); }

bool is_visible(const Model& model, const Responses& responses, int landmark) {
  return model.clnf.patch_experts.visibilities[responses.scale][responses.view].at<int>(landmark, 0) != 0;
}

float exponent(float sigma) { return static_cast<float>(-0.5 / (sigma * sigma)); }

// Mean shifts in the picture's frame, (2n, 1) px; 0 for invisible landmarks.
Matrix pull(const Model& model, const Responses& responses, const Matrix& mean_shift) {
  const int n = model.n_landmarks();
  const Matrix turned = two_columns(mean_shift) * cv::Mat(responses.to_image).t();
  Matrix pulled = cv::Mat(turned.t()).reshape(1, 2 * n).clone();
  for (int i = 0; i < n; ++i) {
    if (!is_visible(model, responses, i)) {
      pulled(i) = pulled(i + n) = 0.0F;
    }
  }
  return pulled;
}

// r / eigenvalue on the diagonal, 0 for global parameters.
Matrix prior(const Model& model, float reg_factor, bool rigid) {
  const int m = model.n_modes();
  if (rigid) {
    return Matrix::zeros(kRigid, kRigid);
  }
  Matrix diagonal = Matrix::zeros(1, kRigid + m);
  cv::Mat(reg_factor / model.clnf.pdm.eigen_values).copyTo(diagonal(cv::Rect(kRigid, 0, m, 1)));
  return Matrix(cv::Mat::diag(diagonal.t()));
}

struct Jacobians {
  Matrix whole;
  Matrix seen;             // (2n, c), rows of invisible landmarks zero
  Matrix weighted_columns; // (c, 2n), likewise
};

Jacobians jacobians(Model& model, const Responses& responses, const Plan& plan, const Parameters& at, bool rigid) {
  CLNF& clnf = model.clnf;
  Matrix weights;
  (clnf.*address(access::WeightMatrix{}))(weights, responses.scale, responses.view, parameters_of(model, plan, 1));
  Jacobians result;
  const auto compute = rigid ? &LandmarkDetector::PDM::ComputeRigidJacobian : &LandmarkDetector::PDM::ComputeJacobian;
  (clnf.pdm.*compute)(at.local, at.global, result.whole, weights, result.weighted_columns);
  result.seen = result.whole.clone();
  const int n = model.n_landmarks();
  for (int i = 0; i < n; ++i) {
    if (!is_visible(model, responses, i)) {
      for (const int row : {i, i + n}) {
        result.seen.row(row).setTo(0.0F);
        result.weighted_columns.col(row).setTo(0.0F);
      }
    }
  }
  return result;
}

// J'WJ + prior, through the BLAS as OpenFace does it.
Matrix hessian(const Jacobians& jacobians, const Matrix& prior) {
  Matrix result = prior.clone();
  const Matrix& j = jacobians.seen;
  const Matrix& jw = jacobians.weighted_columns;
  char as_it_is = 'N';
  float one = 1.0F;
  int columns = j.cols;
  int rows = jw.rows;
  int inner = jw.cols;
  sgemm_(&as_it_is, &as_it_is, &columns, &rows, &inner, &one, reinterpret_cast<float*>(j.data), &columns,
         reinterpret_cast<float*>(jw.data), &inner, &one, reinterpret_cast<float*>(result.data), &columns);
  return result;
}

void add_normal_equations(Iteration& iteration, Model& model, const Responses& responses, const Plan& plan,
                          const Parameters& start, bool rigid) {
  const int m = model.n_modes();
  const Jacobians both = jacobians(model, responses, plan, start, rigid);
  const Matrix regularisation = prior(model, plan.reg_factor, rigid);
  iteration.jacobian = both.whole;
  iteration.right = both.weighted_columns * pull(model, responses, iteration.mean_shift);
  if (!rigid) {
    const cv::Rect modes(0, kRigid, 1, m);
    iteration.right(modes) = iteration.right(modes) - regularisation(cv::Rect(kRigid, kRigid, m, m)) * start.local;
  }
  iteration.hessian = hessian(both, regularisation);
  cv::solve(iteration.hessian, iteration.right, iteration.change, cv::DECOMP_CHOLESKY);
}

// From a position that is not a number, OpenFace computes an index into its kernel table.
void require_finite(const Matrix& offsets) {
  if (!cv::checkRange(offsets)) {
    throw std::runtime_error("the shape's positions in the response maps are not finite");
  }
}

PhaseResult nu_rlms(Model& model, const Responses& responses, const Plan& plan, const Parameters& start, bool rigid,
                    int max_iterations) {
  PhaseResult result{{start.global, start.local.clone()}, 0.0F};
  Matrix likelihoods;
  result.likelihood = (model.clnf.*address(access::NuRlms{}))(
      result.out.global, result.out.local, responses.maps, start.global, start.local, responses.base_shape,
      responses.to_reference, responses.to_image, responses.window_size, responses.view, rigid, responses.scale,
      likelihoods, parameters_of(model, plan, max_iterations), true);
  return result;
}

} // namespace

void forget_kernels(CLNF& clnf) { kernels(clnf).clear(); }

Plan plan_scale(const Model& model, const Settings& settings, int scale) {
  const double patch_scale = model.clnf.patch_experts.patch_scaling[std::min(scale, kLastAdaptedScale)];
  const double octaves_of_15 = 15 * std::log(patch_scale / kCoarsest) / std::log(2);
  Plan plan;
  plan.reg_factor = static_cast<float>(settings.reg_factor - octaves_of_15);
  if (plan.reg_factor <= 0) {
    plan.reg_factor = kSmallestRegFactor;
  }
  plan.sigma = static_cast<float>(settings.sigma + 0.25 * std::log(patch_scale / kCoarsest) / std::log(2));
  plan.weight_factor = static_cast<float>(
      settings.weight_factor + 2 * settings.weight_factor * std::log(patch_scale / kCoarsest) / std::log(2));
  return plan;
}

namespace {

// A shape, (n, 2), about its mean and of size 1; and the size it had.
struct Normalised {
  Matrix points;
  float size;
};

Normalised normalised(const Matrix& shape) {
  Matrix points = shape.clone();
  for (const int axis : {0, 1}) {
    const auto mean = static_cast<float>(cv::mean(shape.col(axis))[0]);
    points.col(axis) = points.col(axis) - mean;
  }
  cv::Mat squares;
  cv::pow(points, 2, squares);
  const auto size = static_cast<float>(std::sqrt(cv::sum(squares)[0] / points.rows));
  return {points / size, size};
}

// The rotation and scale that take one shape to another (Kabsch), with the OpenCV calls of OpenFace's
// AlignShapesWithScale: OpenFace does not install the header that has it.
cv::Matx22f align(const Matrix& from, const Matrix& to) {
  const Normalised source = normalised(from);
  const Normalised target = normalised(to);
  const cv::SVD svd(source.points.t() * target.points);
  const bool mirrored = cv::determinant(svd.vt.t() * svd.u.t()) <= 0;
  const cv::Matx22f proper(1, 0, 0, mirrored ? -1.0F : 1.0F);
  cv::Matx22f rotation;
  cv::Mat(svd.vt.t() * cv::Mat(proper) * svd.u.t()).copyTo(rotation);
  return (target.size / source.size) * rotation;
}

} // namespace

Similarity similarity(const Model& model, const Parameters& parameters, int scale) {
  const CLNF& clnf = model.clnf;
  Matrix shape;
  Matrix reference;
  clnf.pdm.CalcShape2D(shape, parameters.local, parameters.global);
  const cv::Vec6f upright(static_cast<float>(clnf.patch_experts.patch_scaling[scale]), 0, 0, 0, 0, 0);
  clnf.pdm.CalcShape2D(reference, parameters.local, upright);
  Similarity result;
  result.to_reference = align(two_columns(shape), two_columns(reference));
  result.to_image = result.to_reference.inv(cv::DECOMP_LU);
  return result;
}

namespace {

// Grey values around one landmark, at places (column, row) of a square that is turned and scaled with the face.
Matrix area_of_interest(const Matrix& image, const cv::Matx22f& to_image, const cv::Point2f& middle, int side) {
  const cv::Point2f along_rows(to_image(0, 0), -to_image(0, 1)); // OpenFace takes the second row for granted
  const auto halfway = [side](float component) { return component * (side - 1.0F) / 2.0F; };
  // Back to the square's first sample in two strides: each is rounded, and other ones end in another last bit.
  cv::Point2f first = middle - cv::Point2f(halfway(along_rows.x), halfway(along_rows.x));
  first += cv::Point2f(halfway(along_rows.y), -halfway(along_rows.y));
  const cv::Matx23f places(along_rows.x, -along_rows.y, first.x, along_rows.y, along_rows.x, first.y);
  Matrix area;
  cv::warpAffine(image, area, places, {side, side}, cv::INTER_LINEAR | cv::WARP_INVERSE_MAP);
  return area;
}

// Side of the experts' windows; of several kinds OpenFace prefers CEN, then CCNF. CEN experts without
// layers are served by the mirrored one, in the frontal view together with it.
int support(const LandmarkDetector::Patch_experts& experts, int scale, int view, int landmark) {
  if (!experts.cen_expert_intensity.empty()) {
    const auto& in_view = experts.cen_expert_intensity[scale][view];
    const bool served = view == 0 && in_view[landmark].biases.empty();
    return in_view[served ? experts.mirror_inds.at<int>(landmark) : landmark].width_support;
  }
  if (!experts.ccnf_expert_intensity.empty()) {
    return experts.ccnf_expert_intensity[scale][view][landmark].width;
  }
  return experts.svr_expert_intensity[scale][view][landmark].width;
}

} // namespace

Responses responses(Model& model, const cv::Mat_<uchar>& grey, const Parameters& parameters, int window_size,
                    int scale) {
  CLNF& clnf = model.clnf;
  const int n = model.n_landmarks();
  Matrix image;
  grey.convertTo(image, CV_32F);
  Responses result;
  result.scale = scale;
  result.window_size = window_size;
  result.maps.resize(n);
  result.areas.resize(n);
  clnf.patch_experts.Response(result.maps, result.to_image, result.to_reference, image, clnf.pdm, parameters.global,
                              parameters.local, window_size, scale);
  result.view = clnf.patch_experts.GetViewIdx(parameters.global, scale);
  clnf.pdm.CalcShape2D(result.base_shape, parameters.local, parameters.global);
  for (int i = 0; i < n; ++i) {
    if (is_visible(model, result, i)) {
      result.areas[i] = area_of_interest(image, result.to_image, {result.base_shape(i), result.base_shape(i + n)},
                                         window_size + support(clnf.patch_experts, scale, result.view, i) - 1);
    } else {
      result.maps[i].release(); // CEN experts fill that of a visible landmark's mirror image as well
    }
  }
  return result;
}

Matrix map_offsets(const Matrix& shape, const Responses& responses) {
  Matrix offsets;
  cv::Mat((two_columns(shape) - two_columns(responses.base_shape)) * cv::Mat(responses.to_reference).t())
      .convertTo(offsets, CV_32F);
  const int middle = (responses.window_size - 1) / 2;
  Matrix moved(offsets.rows, 2);
  for (const int axis : {0, 1}) {
    const Matrix positions = offsets.col(axis) + middle;
    positions.copyTo(moved.col(axis));
  }
  return moved;
}

Matrix mean_shift(Model& model, const std::vector<Matrix>& maps, const Matrix& offsets, int window_size, float sigma,
                  int scale, int view, KernelTables& tables) {
  Matrix shifts(2 * model.n_landmarks(), 1, 0.0F);
  (model.clnf.*address(access::MeanShift{}))(shifts, maps, offsets.col(0).clone(), offsets.col(1).clone(), window_size,
                                             exponent(sigma), scale, view, tables);
  return shifts;
}

PhaseResult run_phase(Model& model, const Responses& responses, const Plan& plan, const Parameters& start, bool rigid,
                      int max_iterations) {
  Matrix shape;
  model.clnf.pdm.CalcShape2D(shape, start.local, start.global);
  require_finite(map_offsets(shape, responses));
  return nu_rlms(model, responses, plan, start, rigid, max_iterations);
}

Iteration iterate(Model& model, const Responses& responses, const Plan& plan, const Parameters& start, bool rigid) {
  Iteration result;
  model.clnf.pdm.CalcShape2D(result.shape, start.local, start.global);
  result.offsets = map_offsets(result.shape, responses);
  require_finite(result.offsets);
  result.mean_shift = mean_shift(model, responses.maps, result.offsets, responses.window_size, plan.sigma,
                                 responses.scale, responses.view, kernels(model.clnf));
  add_normal_equations(result, model, responses, plan, start, rigid);
  const PhaseResult stepped = nu_rlms(model, responses, plan, start, rigid, 1);
  result.out = stepped.out;
  result.likelihood = stepped.likelihood;
  return result;
}

} // namespace bridge
