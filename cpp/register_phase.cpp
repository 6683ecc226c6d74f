// NU-RLMS: one iteration with everything it computes, and a whole phase.
#include "arrays.h"
#include "model.h"
#include "register.h"
#include "steps.h"

namespace bridge {

namespace {

Parameters parameters(const Model& model, const py::array& global, const py::array& local) {
  return {global_parameters(global), column(local, "params_local", model.n_modes())};
}

Iteration iterate_from(Model& model, const Responses& responses, const Plan& plan, const py::array& global,
                       const py::array& local, bool rigid) {
  const Parameters start = parameters(model, global, local);
  model.require_view(responses.scale, responses.view);
  const Work work(model);
  return iterate(model, responses, plan, start, rigid);
}

py::tuple phase_from(Model& model, const Responses& responses, const Plan& plan, const py::array& global,
                     const py::array& local, bool rigid, int max_iterations) {
  const Parameters start = parameters(model, global, local);
  model.require_view(responses.scale, responses.view);
  require(max_iterations >= 1, "max_iterations: must be at least 1");
  PhaseResult result;
  {
    const Work work(model);
    result = run_phase(model, responses, plan, start, rigid, max_iterations);
  }
  return py::make_tuple(to_array(result.out.global), to_array(result.out.local), result.likelihood);
}

Plan plan_of(const Model& model, const Settings& settings, int scale) {
  model.require_scale(scale);
  return plan_scale(model, settings, scale);
}

Plan made_plan(float sigma, float reg_factor, float weight_factor) {
  require(std::isfinite(sigma) && sigma > 0, "sigma: must be finite and positive");
  require(std::isfinite(reg_factor) && reg_factor >= 0, "reg_factor: must be finite and not negative");
  require(std::isfinite(weight_factor) && weight_factor >= 0, "weight_factor: must be finite and not negative");
  return {sigma, reg_factor, weight_factor};
}

void register_records(py::module_& m) {
  py::class_<Plan>(m, "Plan")
      .def(py::init(&made_plan), py::kw_only(), py::arg("sigma"), py::arg("reg_factor"), py::arg("weight_factor"))
      .def_readonly("sigma", &Plan::sigma)
      .def_readonly("reg_factor", &Plan::reg_factor)
      .def_readonly("weight_factor", &Plan::weight_factor);
  py::class_<Iteration>(m, "Iteration")
      .def_property_readonly("shape", [](const Iteration& i) { return points_to_array(i.shape); })
      .def_property_readonly("offsets", [](const Iteration& i) { return to_array(i.offsets, {i.offsets.rows, 2}); })
      .def_property_readonly("mean_shift", [](const Iteration& i) { return points_to_array(i.mean_shift); })
      .def_property_readonly("jacobian",
                             [](const Iteration& i) { return to_array(i.jacobian, {i.jacobian.rows, i.jacobian.cols}); })
      .def_property_readonly("hessian",
                             [](const Iteration& i) { return to_array(i.hessian, {i.hessian.rows, i.hessian.cols}); })
      .def_property_readonly("right_hand_side", [](const Iteration& i) { return to_array(i.right); })
      .def_property_readonly("change", [](const Iteration& i) { return to_array(i.change); })
      .def_property_readonly("params_global_out", [](const Iteration& i) { return to_array(i.out.global); })
      .def_property_readonly("params_local_out", [](const Iteration& i) { return to_array(i.out.local); })
      .def_readonly("likelihood", &Iteration::likelihood);
}

} // namespace

void register_phase(py::module_& m) {
  register_records(m);
  py::reinterpret_borrow<py::class_<Model>>(m.attr("Model"))
      .def("plan", &plan_of, py::arg("settings"), py::arg("scale"))
      .def("iterate", &iterate_from, py::arg("responses"), py::arg("plan"), py::arg("params_global"),
           py::arg("params_local"), py::kw_only(), py::arg("rigid"))
      .def("phase", &phase_from, py::arg("responses"), py::arg("plan"), py::arg("params_global"),
           py::arg("params_local"), py::kw_only(), py::arg("rigid"), py::arg("max_iterations"));
}

} // namespace bridge
