#include "model.h"

#include "arrays.h"
#include "chatter.h"
#include "steps.h"

namespace bridge {

using LandmarkDetector::CLNF;
using LandmarkDetector::FaceModelParameters;

namespace {

void check_files(const char* function, const std::string& path) {
  py::module_::import("openface_bridge.model_files").attr(function)(path);
}

CLNF load(const std::string& path) {
  check_model_files(path);
  const Chatter chatter;
  CLNF loaded = [&path] {
    const py::gil_scoped_release release;
    return CLNF(path);
  }();
  chatter.log();
  if (!loaded.loaded_successfully) {
    throw std::runtime_error(path + ": OpenFace could not read this model (see logger openface_bridge.openface)");
  }
  return loaded;
}

void require_windows_of_parts(const CLNF& clnf) {
  for (std::size_t part = 0; part < clnf.hierarchical_models.size(); ++part) {
    const std::size_t windows = clnf.hierarchical_params[part].window_sizes_init.size();
    const std::size_t scales = clnf.hierarchical_models[part].patch_experts.patch_scaling.size();
    require(windows >= scales, "part " + clnf.hierarchical_model_names[part] +
                                   ": OpenFace has fewer window sizes for it than the model has scales");
  }
}

} // namespace

void check_model_files(const std::string& path) { check_files("check_model", path); }

void check_detector_files(const std::string& path) { check_files("check_detector", path); }

void Settings::check() const {
  require(!window_sizes.empty(), "window_sizes: at least one scale must have a window");
  for (const std::vector<int>* sizes : {&window_sizes, &window_sizes_small}) {
    for (const int size : *sizes) {
      require(size == 0 || window_size(size) == size, "window_sizes");
    }
  }
  require(std::isfinite(sigma) && sigma > 0, "sigma: must be finite and positive");
  require(std::isfinite(reg_factor) && reg_factor >= 0, "reg_factor: must be finite and not negative");
  require(std::isfinite(weight_factor) && weight_factor >= 0, "weight_factor: must be finite and not negative");
  require(max_iterations >= 1, "max_iterations: must be at least 1");
}

FaceModelParameters Settings::parameters(int n_scales) const {
  const Chatter unheard; // the constructor looks for OpenFace's default model and says that it is not there
  FaceModelParameters parameters;
  parameters.window_sizes_init = window_sizes;
  parameters.window_sizes_small = window_sizes_small;
  for (std::vector<int>* sizes : {&parameters.window_sizes_init, &parameters.window_sizes_small}) {
    sizes->resize(std::max(sizes->size(), static_cast<std::size_t>(n_scales)), 0);
  }
  parameters.window_sizes_current = parameters.window_sizes_init;
  parameters.sigma = sigma;
  parameters.reg_factor = reg_factor;
  parameters.weight_factor = weight_factor;
  parameters.num_optimisation_iteration = max_iterations;
  parameters.multi_view = multi_view;
  parameters.refine_hierarchical = refine_parts;
  parameters.validate_detections = validate;
  parameters.use_face_template = use_face_template;
  return parameters;
}

Model::Model(const std::string& path) : clnf(load(path)) {
  require_windows_of_parts(clnf);
  reset();
}

Model::Model(CLNF loaded) : clnf(std::move(loaded)) { reset(); }

void Model::reset() {
  clnf.Reset();
  clnf.view_used = 0;
  clnf.landmark_likelihoods = Matrix();
  forget_kernels(clnf);
  for (CLNF& part : clnf.hierarchical_models) {
    part.Reset();
    part.view_used = 0;
    part.landmark_likelihoods = Matrix();
    forget_kernels(part);
  }
}

void Model::require_scale(int scale) const {
  require(scale >= 0 && scale < n_scales(),
          "scale: expected 0 to " + std::to_string(n_scales() - 1) + ", got " + std::to_string(scale));
}

void Model::require_view(int scale, int view) const {
  require_scale(scale);
  require(view >= 0 && view < n_views(scale),
          "view: expected 0 to " + std::to_string(n_views(scale) - 1) + ", got " + std::to_string(view));
}

void Model::require_usable(const Settings& settings) const {
  settings.check();
  const auto used = std::min(settings.window_sizes.size(), static_cast<std::size_t>(n_scales()));
  require(std::any_of(settings.window_sizes.begin(), settings.window_sizes.begin() + used, [](int s) { return s != 0; }),
          "window_sizes: no scale of this model has a window");
  require(!settings.validate || !clnf.landmark_validator.orientations.empty(), "validate: this model has no validator");
}

void Model::start(const cv::Rect_<float>& box, const cv::Vec3f& rotation) {
  clnf.params_local.setTo(0.0F);
  clnf.pdm.CalcParams(clnf.params_global, box, clnf.params_local, rotation);
}

} // namespace bridge
