// Patch experts at any parameters: view, similarity, areas of interest, response maps.
#include "arrays.h"
#include "model.h"
#include "register.h"
#include "steps.h"

namespace bridge {

namespace {

int view_index(Model& model, const py::array& global, int scale) {
  const cv::Vec6f at = global_parameters(global);
  model.require_scale(scale);
  const Work work(model);
  return model.clnf.patch_experts.GetViewIdx(at, scale);
}

py::tuple similarity_at(Model& model, const py::array& global, const py::array& local, int scale) {
  const Parameters at{global_parameters(global), column(local, "params_local", model.n_modes())};
  model.require_scale(scale);
  Similarity found;
  {
    const Work work(model);
    found = similarity(model, at, scale);
  }
  return py::make_tuple(to_array(found.to_reference), to_array(found.to_image));
}

Responses responses_at(Model& model, const py::array& image, const py::array& global, const py::array& local,
                       int window, int scale) {
  const cv::Mat_<uchar> grey = grey_picture(image);
  const Parameters at{global_parameters(global), column(local, "params_local", model.n_modes())};
  model.require_scale(scale);
  const int size = window_size(window);
  const Work work(model);
  return responses(model, grey, at, size, scale);
}

Responses made(Model& model, int scale, int view, const py::array& base_shape, const py::array& to_reference,
               const py::array& to_image, const py::array& maps) {
  model.require_view(scale, view);
  const int n = model.n_landmarks();
  Responses made;
  made.scale = scale;
  made.view = view;
  made.window_size = window_size(maps.ndim() == 3 ? static_cast<int>(maps.shape(2)) : 0);
  made.to_reference = matrix_2x2(to_reference, "image_to_reference");
  made.to_image = matrix_2x2(to_image, "reference_to_image");
  made.base_shape = points(base_shape, "base_shape", n);
  made.maps = response_maps(maps, n, made.window_size);
  return made;
}

py::array_t<float> areas_of(const Responses& responses) {
  int side = 0;
  for (const Matrix& area : responses.areas) {
    side = std::max(side, area.rows);
  }
  return stack(responses.areas, side);
}

py::array_t<bool> visibility(Model& model, int scale, int view) {
  model.require_view(scale, view);
  const cv::Mat_<int>& visible = model.clnf.patch_experts.visibilities[scale][view];
  py::array_t<bool> array(model.n_landmarks());
  std::transform(visible.begin(), visible.end(), array.mutable_data(), [](int flag) { return flag != 0; });
  return array;
}

py::array_t<double> view_centers(const Model& model, int scale) {
  model.require_scale(scale);
  const auto& centers = model.clnf.patch_experts.centers[scale];
  py::array_t<double> array(Shape{static_cast<py::ssize_t>(centers.size()), 3});
  for (std::size_t view = 0; view < centers.size(); ++view) {
    std::copy_n(centers[view].val, 3, array.mutable_data(static_cast<py::ssize_t>(view), 0));
  }
  return array;
}

void register_responses(py::module_& m) {
  py::class_<Responses>(m, "Responses")
      .def(py::init(&made), py::arg("model"), py::kw_only(), py::arg("scale"), py::arg("view"), py::arg("base_shape"),
           py::arg("image_to_reference"), py::arg("reference_to_image"), py::arg("response_maps"))
      .def_readonly("scale", &Responses::scale)
      .def_readonly("view", &Responses::view)
      .def_readonly("window_size", &Responses::window_size)
      .def_property_readonly("image_to_reference", [](const Responses& r) { return to_array(r.to_reference); })
      .def_property_readonly("reference_to_image", [](const Responses& r) { return to_array(r.to_image); })
      .def_property_readonly("base_shape", [](const Responses& r) { return points_to_array(r.base_shape); })
      .def_property_readonly("areas_of_interest", &areas_of)
      .def_property_readonly("response_maps", [](const Responses& r) { return stack(r.maps, r.window_size); });
}

} // namespace

void register_experts(py::module_& m) {
  register_responses(m);
  py::reinterpret_borrow<py::class_<Model>>(m.attr("Model"))
      .def("view_centers", &view_centers, py::arg("scale"))
      .def("visibility", &visibility, py::arg("scale"), py::arg("view"))
      .def("view_index", &view_index, py::arg("params_global"), py::arg("scale"))
      .def("similarity", &similarity_at, py::arg("params_global"), py::arg("params_local"), py::arg("scale"))
      .def("responses", &responses_at, py::arg("image"), py::arg("params_global"), py::arg("params_local"),
           py::arg("window_size"), py::arg("scale"));
}

} // namespace bridge
