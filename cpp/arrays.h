// NumPy arrays in and out, checked. Points are (n, 2) in Python and one column [x.., y..] in OpenFace.
#pragma once

#include "openface.h"

namespace bridge {

using Shape = std::vector<py::ssize_t>;

// Values of a float32, C-contiguous array of that shape; -1 allows any length. All errors are ValueErrors that name it.
const float* floats(const py::array& array, const char* name, const Shape& shape);

// The same; not finite values are an error too.
const float* finite_floats(const py::array& array, const char* name, const Shape& shape);

cv::Vec6f global_parameters(const py::array& array, const char* name = "params_global");
Matrix column(const py::array& array, const char* name, int length);
Matrix points(const py::array& array, const char* name, int n);
cv::Matx22f matrix_2x2(const py::array& array, const char* name);
std::vector<Matrix> response_maps(const py::array& array, int n, int window_size);
cv::Rect_<float> box(const py::array& array);
cv::Vec3f rotation(const py::array& array);

// (H, W) or (H, W, 3) uint8 in blue, green, red order; copied.
cv::Mat picture(const py::array& array);
// The same in grey, converted as OpenFace does.
cv::Mat_<uchar> grey_picture(const py::array& array);

py::array_t<float> to_array(const Matrix& matrix);
py::array_t<float> to_array(const Matrix& matrix, const Shape& shape);
py::array_t<float> to_array(const cv::Vec6f& vector);
py::array_t<float> to_array(const cv::Matx22f& matrix);
py::array_t<float> to_array(const cv::Rect_<float>& rectangle);
py::array_t<float> points_to_array(const Matrix& column);
// (k, side, side); empty matrices become zeros.
py::array_t<float> stack(const std::vector<Matrix>& squares, int side);

// ValueErrors.
int window_size(int size);
void require(bool condition, const std::string& message);

} // namespace bridge
