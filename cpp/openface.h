// What every file here is compiled with: pybind11, OpenCV and OpenFace's public headers.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <opencv2/imgproc.hpp>

#include <LandmarkCoreIncludes.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace py = pybind11;

namespace bridge {

using Matrix = cv::Mat_<float>;
using KernelTables = std::map<int, Matrix>;

// Global parameters: scale, rx, ry, rz (radians), tx, ty (px).
constexpr int kRigid = 6;

} // namespace bridge
