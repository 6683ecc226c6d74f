// Positions in response maps, and the mean shift there.
#include "arrays.h"
#include "model.h"
#include "register.h"
#include "steps.h"

namespace bridge {

namespace {

py::array_t<float> offsets_of(Model& model, const Responses& responses, const py::array& shape) {
  const Matrix at = points(shape, "shape", model.n_landmarks());
  const Matrix offsets = map_offsets(at, responses);
  return to_array(offsets, {offsets.rows, 2});
}

py::array_t<float> mean_shift_at(Model& model, const py::array& maps, const py::array& offsets, float sigma, int scale,
                                 int view) {
  const int n = model.n_landmarks();
  model.require_view(scale, view);
  require(std::isfinite(sigma) && sigma > 0, "sigma: must be finite and positive");
  const int size = window_size(maps.ndim() == 3 ? static_cast<int>(maps.shape(2)) : 0);
  const std::vector<Matrix> checked = response_maps(maps, n, size);
  // A copy: while the GIL is released, other threads may write to the array that has been checked.
  const Matrix positions = Matrix(n, 2, const_cast<float*>(finite_floats(offsets, "offsets", {n, 2}))).clone();
  Matrix shifts;
  {
    const Work work(model);
    KernelTables own; // so that no earlier sigma serves this one
    shifts = mean_shift(model, checked, positions, size, sigma, scale, view, own);
  }
  return points_to_array(shifts);
}

} // namespace

void register_mean_shift(py::module_& m) {
  py::reinterpret_borrow<py::class_<Model>>(m.attr("Model"))
      .def("map_offsets", &offsets_of, py::arg("responses"), py::arg("shape"))
      .def("mean_shift", &mean_shift_at, py::arg("response_maps"), py::arg("offsets"), py::kw_only(), py::arg("sigma"),
           py::arg("scale"), py::arg("view"));
}

} // namespace bridge
