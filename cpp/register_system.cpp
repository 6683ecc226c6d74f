// What the process computes with: library versions, BLAS kernel and threads; how errors cross over.
#include "register.h"

#include <opencv2/core/utils/logger.hpp>
#include <opencv2/core/version.hpp>

#include <cstdlib>

extern "C" {
char* openblas_get_corename();
char* openblas_get_config();
int openblas_get_num_threads();
}

namespace bridge {

namespace {

py::dict system() {
  py::dict facts;
  facts["openface"] = BRIDGE_OPENFACE_VERSION;
  facts["opencv"] = cv::getVersionString().c_str(); // OpenCV 3 has a string class of its own
  facts["blas"] = std::string(openblas_get_config());
  facts["blas_kernel"] = std::string(openblas_get_corename());
  facts["blas_threads"] = openblas_get_num_threads();
  facts["opencv_threads"] = cv::getNumThreads();
  return facts;
}

// OpenFace's detector makes OpenCV warn about a deprecation on stderr, which its user can do nothing about.
void quieten_opencv() {
  if (std::getenv("OPENCV_LOG_LEVEL") == nullptr) {
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_ERROR);
  }
}

void register_errors(py::module_& m) {
  static py::handle error = py::exception<cv::Exception>(m, "OpenFaceError", PyExc_RuntimeError).release();
  py::register_exception_translator([](std::exception_ptr thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const cv::Exception& exception) {
      PyErr_SetString(error.ptr(), exception.what());
    }
  });
}

} // namespace

void register_system(py::module_& m) {
  quieten_opencv();
  register_errors(m);
  m.def("system", &system);
}

} // namespace bridge
