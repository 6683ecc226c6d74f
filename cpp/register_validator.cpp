// The validator from inside: its view of a head pose, its warp, its network layer by layer.
#include "arrays.h"
#include "model.h"
#include "register.h"

#include <CNN_utils.h>

namespace bridge {

namespace {

using Maps = std::vector<Matrix>;

enum Layer { kConvolution, kPooling, kConnected, kRectifier, kSigmoid };

LandmarkDetector::DetectionValidator& validator_of(Model& model) {
  require(!model.clnf.landmark_validator.orientations.empty(), "this model has no validator");
  return model.clnf.landmark_validator;
}

void require_view(const LandmarkDetector::DetectionValidator& validator, int view) {
  const int views = static_cast<int>(validator.orientations.size());
  require(0 <= view && view < views, "view: must be from 0 to " + std::to_string(views - 1));
}

int validator_view(Model& model, const py::array& euler) {
  const LandmarkDetector::DetectionValidator& validator = validator_of(model);
  return validator.GetViewId(cv::Vec3d(rotation(euler)));
}

py::array_t<float> validator_warp(Model& model, const py::array& image, int view, const py::array& landmarks) {
  LandmarkDetector::DetectionValidator& validator = validator_of(model);
  require_view(validator, view);
  const cv::Mat_<uchar> grey = grey_picture(image);
  const Matrix shape = points(landmarks, "landmarks", model.n_landmarks());
  Matrix warped;
  {
    const Work work(model);
    validator.paws[view].Warp(Matrix(grey), warped, shape);
  }
  return to_array(warped, {warped.rows, warped.cols});
}

// (k, h, w), or (1, h, w) for what lies behind the first fully connected layer.
Maps to_maps(const py::array& array) {
  const float* values = finite_floats(array, "maps", {-1, -1, -1});
  const int rows = static_cast<int>(array.shape(1));
  const int columns = static_cast<int>(array.shape(2));
  Maps maps;
  for (py::ssize_t i = 0; i < array.shape(0); ++i) {
    float* map = const_cast<float*>(values) + i * rows * columns;
    maps.push_back(Matrix(rows, columns, map).clone());
  }
  return maps;
}

py::array_t<float> from_maps(const Maps& maps) {
  Matrix together;
  for (const Matrix& map : maps) {
    together.push_back(map.clone().reshape(1, 1));
  }
  return to_array(together, {static_cast<py::ssize_t>(maps.size()), maps.at(0).rows, maps.at(0).cols});
}

Maps convolved(LandmarkDetector::DetectionValidator& validator, int view, int index, const Maps& maps) {
  const Maps& kernels = validator.cnn_convolutional_layers[view][index].at(0);
  require(maps.size() == validator.cnn_convolutional_layers[view][index].size(), "maps: not as many as the layer takes");
  require(maps[0].rows >= kernels[0].rows && maps[0].cols >= kernels[0].cols, "maps: smaller than a kernel");
  Maps outputs;
  LandmarkDetector::convolution_direct_blas(outputs, maps, validator.cnn_convolutional_layers_weights[view][index],
                                            kernels[0].rows, kernels[0].cols,
                                            validator.cnn_convolutional_layers_im2col_precomp[view][index]);
  return outputs;
}

Maps connected(LandmarkDetector::DetectionValidator& validator, int view, int index, const Maps& maps) {
  const Matrix weights = validator.cnn_fully_connected_layers_weights[view][index].t();
  const std::size_t inputs = maps.size() == 1 ? maps[0].rows : maps.size() * maps[0].total();
  require(inputs == static_cast<std::size_t>(weights.cols) && (maps.size() > 1 || maps[0].cols == 1),
          "maps: not of the size that the layer takes");
  Maps outputs;
  LandmarkDetector::fully_connected(outputs, maps, weights, validator.cnn_fully_connected_layers_biases[view][index]);
  return outputs;
}

// What the validator does itself, with the same calls.
Maps activated(Maps maps, int kind) {
  for (Matrix& map : maps) {
    if (kind == kRectifier) {
      cv::threshold(map, map, 0, 0, cv::THRESH_TOZERO);
    } else {
      cv::exp(-map, map);
      map = 1.0 / (1.0 + map);
    }
  }
  return maps;
}

Maps layer_outputs(LandmarkDetector::DetectionValidator& validator, int view, int layer, const Maps& maps) {
  const std::vector<int>& kinds = validator.cnn_layer_types[view];
  const int kind = kinds[layer];
  const int index = static_cast<int>(std::count(kinds.begin(), kinds.begin() + layer, kind));
  if (kind == kConvolution) {
    return convolved(validator, view, index, maps);
  }
  if (kind == kConnected) {
    return connected(validator, view, index, maps);
  }
  if (kind == kPooling) {
    Maps outputs;
    LandmarkDetector::max_pooling(outputs, maps, 2, 2, 2, 2);
    return outputs;
  }
  return activated(maps, kind);
}

py::array_t<float> validator_layer(Model& model, int view, int layer, const py::array& array) {
  LandmarkDetector::DetectionValidator& validator = validator_of(model);
  require_view(validator, view);
  const int layers = static_cast<int>(validator.cnn_layer_types[view].size());
  require(0 <= layer && layer < layers, "layer: must be from 0 to " + std::to_string(layers - 1));
  const Maps maps = to_maps(array);
  require(!maps.empty() && maps[0].total() > 0, "maps: there are none");
  Maps outputs;
  {
    const Work work(model);
    outputs = layer_outputs(validator, view, layer, maps);
  }
  return from_maps(outputs);
}

} // namespace

void register_validator(py::module_& m) {
  const auto view = py::arg("view");
  py::reinterpret_borrow<py::class_<Model>>(m.attr("Model"))
      .def("validator_view", &validator_view, py::arg("rotation"))
      .def("validator_warp", &validator_warp, py::arg("image"), view, py::arg("landmarks"))
      .def("validator_layer", &validator_layer, view, py::arg("layer"), py::arg("maps"));
}

} // namespace bridge
