#include "arrays.h"

#include <algorithm>

namespace bridge {

namespace {

constexpr int kLargestWindow = 63;
constexpr float kLargestBox = 1e6F;

std::string text(const Shape& shape) {
  std::string joined;
  for (const py::ssize_t length : shape) {
    joined += (joined.empty() ? "" : ", ") + (length < 0 ? std::string("any") : std::to_string(length));
  }
  return "(" + joined + (shape.size() == 1 ? ",)" : ")");
}

bool matches(const py::array& array, const Shape& shape) {
  if (array.ndim() != static_cast<py::ssize_t>(shape.size())) {
    return false;
  }
  for (py::ssize_t axis = 0; axis < array.ndim(); ++axis) {
    if (shape[axis] >= 0 && shape[axis] != array.shape(axis)) {
      return false;
    }
  }
  return true;
}

bool is_contiguous(const py::array& array) { return (array.flags() & py::array::c_style) != 0; }

std::string name_of(const py::array& array) { return py::str(array.dtype()).cast<std::string>(); }

} // namespace

void require(bool condition, const std::string& message) {
  if (!condition) {
    throw py::value_error(message);
  }
}

const float* floats(const py::array& array, const char* name, const Shape& shape) {
  const std::string argument(name);
  require(array.dtype().is(py::dtype::of<float>()), argument + ": must be float32, got " + name_of(array));
  require(matches(array, shape), argument + ": expected shape " + text(shape) + ", got " +
                                     text(Shape(array.shape(), array.shape() + array.ndim())));
  require(is_contiguous(array), argument + ": must be C-contiguous (np.ascontiguousarray)");
  return static_cast<const float*>(array.data());
}

const float* finite_floats(const py::array& array, const char* name, const Shape& shape) {
  const float* values = floats(array, name, shape);
  for (py::ssize_t i = 0; i < array.size(); ++i) {
    require(std::isfinite(values[i]), std::string(name) + ": must be finite");
  }
  return values;
}

cv::Vec6f global_parameters(const py::array& array, const char* name) {
  return cv::Vec6f(finite_floats(array, name, {kRigid}));
}

Matrix column(const py::array& array, const char* name, int length) {
  const float* values = finite_floats(array, name, {length});
  return Matrix(length, 1, const_cast<float*>(values)).clone();
}

Matrix points(const py::array& array, const char* name, int n) {
  const float* values = finite_floats(array, name, {n, 2});
  Matrix column(2 * n, 1);
  for (int i = 0; i < n; ++i) {
    column(i) = values[2 * i];
    column(i + n) = values[2 * i + 1];
  }
  return column;
}

cv::Matx22f matrix_2x2(const py::array& array, const char* name) {
  return cv::Matx22f(finite_floats(array, name, {2, 2}));
}

std::vector<Matrix> response_maps(const py::array& array, int n, int window_size) {
  const float* values = finite_floats(array, "response_maps", {n, window_size, window_size});
  std::vector<Matrix> maps;
  for (int i = 0; i < n; ++i) {
    float* map = const_cast<float*>(values) + static_cast<std::ptrdiff_t>(i) * window_size * window_size;
    maps.push_back(Matrix(window_size, window_size, map).clone());
  }
  return maps;
}

cv::Rect_<float> box(const py::array& array) {
  const float* values = finite_floats(array, "box", {4});
  require(values[2] > 0 && values[3] > 0, "box: width and height must be positive");
  for (int i = 0; i < 4; ++i) {
    require(std::abs(values[i]) <= kLargestBox, "box: no coordinate may exceed 1000000 px");
  }
  return {values[0], values[1], values[2], values[3]};
}

cv::Vec3f rotation(const py::array& array) { return cv::Vec3f(finite_floats(array, "rotation", {3})); }

cv::Mat picture(const py::array& array) {
  require(array.dtype().is(py::dtype::of<unsigned char>()), "image: must be uint8, got " + name_of(array));
  const bool colour = array.ndim() == 3 && array.shape(2) == 3;
  require(colour || array.ndim() == 2, "image: expected shape (H, W) or (H, W, 3) in blue, green, red order");
  require(array.size() > 0, "image: is empty");
  require(is_contiguous(array), "image: must be C-contiguous (np.ascontiguousarray)");
  const int rows = static_cast<int>(array.shape(0));
  const int columns = static_cast<int>(array.shape(1));
  return cv::Mat(rows, columns, colour ? CV_8UC3 : CV_8UC1, const_cast<void*>(array.data())).clone();
}

cv::Mat_<uchar> grey_picture(const py::array& array) {
  const cv::Mat pixels = picture(array);
  if (pixels.channels() == 1) {
    return pixels;
  }
  cv::Mat grey;
  cv::cvtColor(pixels, grey, cv::COLOR_BGR2GRAY); // as OpenFace converts pictures
  return grey;
}

py::array_t<float> to_array(const Matrix& matrix, const Shape& shape) {
  py::array_t<float> array(shape);
  require(array.size() == static_cast<py::ssize_t>(matrix.total()), "OpenFace returned a matrix of unexpected size");
  std::copy(matrix.begin(), matrix.end(), array.mutable_data());
  return array;
}

py::array_t<float> to_array(const Matrix& matrix) {
  return matrix.cols == 1 ? to_array(matrix, {matrix.rows}) : to_array(matrix, {matrix.rows, matrix.cols});
}

py::array_t<float> to_array(const cv::Vec6f& vector) {
  py::array_t<float> array(Shape{kRigid});
  std::copy_n(vector.val, kRigid, array.mutable_data());
  return array;
}

py::array_t<float> to_array(const cv::Matx22f& matrix) { return to_array(Matrix(cv::Mat(matrix)), {2, 2}); }

py::array_t<float> to_array(const cv::Rect_<float>& rectangle) {
  const std::array<float, 4> values{rectangle.x, rectangle.y, rectangle.width, rectangle.height};
  py::array_t<float> array(Shape{4});
  std::copy(values.begin(), values.end(), array.mutable_data());
  return array;
}

py::array_t<float> points_to_array(const Matrix& column) { return to_array(column.reshape(1, 2).t()); }

py::array_t<float> stack(const std::vector<Matrix>& squares, int side) {
  const std::size_t count = squares.size();
  py::array_t<float> array(Shape{static_cast<py::ssize_t>(count), side, side});
  float* out = array.mutable_data();
  for (const Matrix& square : squares) {
    require(square.empty() || (square.rows == side && square.cols == side), "OpenFace returned a map of another size");
    out = square.empty() ? std::fill_n(out, side * side, 0.0F) : std::copy(square.begin(), square.end(), out);
  }
  return array;
}

int window_size(int size) {
  require(size >= 3 && size <= kLargestWindow && size % 2 == 1,
          "window_size: expected an odd number from 3 to 63, got " + std::to_string(size));
  return size;
}

} // namespace bridge
