// Settings; a model: load, parts, reset.
#include "arrays.h"
#include "model.h"
#include "register.h"
#include "steps.h"

namespace bridge {

namespace {

using LandmarkDetector::CLNF;

std::unique_ptr<Model> part(Model& model, const std::string& name) {
  const auto& names = model.clnf.hierarchical_model_names;
  const auto found = std::find(names.begin(), names.end(), name);
  require(found != names.end(), "part: this model has none called '" + name + "'");
  const Work work(model);
  return std::make_unique<Model>(model.clnf.hierarchical_models[found - names.begin()]);
}

Settings settings_of_part(const Model& model, const std::string& name) {
  const auto& names = model.clnf.hierarchical_model_names;
  const auto found = std::find(names.begin(), names.end(), name);
  require(found != names.end(), "part: this model has none called '" + name + "'");
  const auto& own = model.clnf.hierarchical_params[found - names.begin()];
  Settings settings;
  settings.window_sizes = own.window_sizes_init;
  settings.window_sizes_small = own.window_sizes_small;
  settings.sigma = own.sigma;
  settings.reg_factor = own.reg_factor;
  settings.weight_factor = own.weight_factor;
  settings.max_iterations = own.num_optimisation_iteration;
  return settings;
}

void register_settings(py::module_& m) {
  const Settings defaults;
  py::class_<Settings>(m, "Settings")
      .def(py::init([](std::vector<int> window_sizes, std::vector<int> window_sizes_small, float sigma, float reg_factor,
                       float weight_factor, int max_iterations, bool multi_view, bool refine_parts, bool validate,
                       bool use_face_template) {
             Settings settings{window_sizes,   window_sizes_small, sigma,        reg_factor, weight_factor,
                               max_iterations, multi_view,         refine_parts, validate,   use_face_template};
             settings.check();
             return settings;
           }),
           py::kw_only(), py::arg("window_sizes") = defaults.window_sizes,
           py::arg("window_sizes_small") = defaults.window_sizes_small, py::arg("sigma") = defaults.sigma,
           py::arg("reg_factor") = defaults.reg_factor, py::arg("weight_factor") = defaults.weight_factor,
           py::arg("max_iterations") = defaults.max_iterations, py::arg("multi_view") = false,
           py::arg("refine_parts") = false, py::arg("validate") = false, py::arg("use_face_template") = false)
      .def_readonly("window_sizes", &Settings::window_sizes)
      .def_readonly("window_sizes_small", &Settings::window_sizes_small)
      .def_readonly("sigma", &Settings::sigma)
      .def_readonly("reg_factor", &Settings::reg_factor)
      .def_readonly("weight_factor", &Settings::weight_factor)
      .def_readonly("max_iterations", &Settings::max_iterations)
      .def_readonly("multi_view", &Settings::multi_view)
      .def_readonly("refine_parts", &Settings::refine_parts)
      .def_readonly("validate", &Settings::validate)
      .def_readonly("use_face_template", &Settings::use_face_template);
}

} // namespace

void register_model(py::module_& m) {
  register_settings(m);
  py::class_<Model>(m, "Model")
      .def(py::init<const std::string&>(), py::arg("path"))
      .def_property_readonly("n_landmarks", &Model::n_landmarks)
      .def_property_readonly("n_modes", &Model::n_modes)
      .def_property_readonly("n_scales", &Model::n_scales)
      .def_property_readonly("patch_scales", [](const Model& model) { return model.clnf.patch_experts.patch_scaling; })
      .def_property_readonly("parts", [](const Model& model) { return model.clnf.hierarchical_model_names; })
      .def_property_readonly("has_validator",
                             [](const Model& model) { return !model.clnf.landmark_validator.orientations.empty(); })
      .def("part", &part, py::arg("name"))
      .def("settings_of_part", &settings_of_part, py::arg("name"))
      .def("reset", [](Model& model) {
        const Work work(model);
        model.reset();
      });
}

} // namespace bridge
