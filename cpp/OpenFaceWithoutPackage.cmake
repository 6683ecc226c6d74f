# Defines OpenFace::LandmarkDetector for an OpenFace installed without its CMake package.

find_package(OpenCV REQUIRED COMPONENTS core imgproc calib3d highgui objdetect)
find_package(Boost REQUIRED COMPONENTS filesystem)
find_package(TBB REQUIRED)
find_package(dlib REQUIRED)
find_library(OPENFACE_OPENBLAS openblas REQUIRED)

add_library(OpenFace::LandmarkDetector UNKNOWN IMPORTED)
set_target_properties(OpenFace::LandmarkDetector PROPERTIES
  IMPORTED_LOCATION "${OPENFACE_LANDMARK_DETECTOR}"
  INTERFACE_INCLUDE_DIRECTORIES "${OPENFACE_INCLUDE_DIR};${OpenCV_INCLUDE_DIRS};${Boost_INCLUDE_DIRS};${Boost_INCLUDE_DIRS}/boost"
  INTERFACE_LINK_LIBRARIES "${OpenCV_LIBS};Boost::filesystem;TBB::tbb;dlib::dlib;${OPENFACE_OPENBLAS}")
set(OpenFace_VERSION "unknown")
