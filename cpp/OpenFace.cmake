# Defines OpenFace::LandmarkDetector and OpenFace_VERSION for the headers and the library that were found.
#
# OpenFace's own CMake package is left alone: as installed, it stops CMake (set_and_check on a list), names targets
# that it does not look for, or include folders that do not exist, each in one version or another.

find_package(OpenCV REQUIRED COMPONENTS core imgproc calib3d highgui objdetect)
find_package(dlib REQUIRED)
find_library(OPENFACE_OPENBLAS openblas REQUIRED)
# OpenFace needs Boost before 2.2.0 and uses it, where there is one, since; it needs TBB before 2.2.0.
find_package(Boost QUIET COMPONENTS filesystem)
find_library(OPENFACE_TBB tbb)

add_library(OpenFace::LandmarkDetector UNKNOWN IMPORTED)
set_target_properties(OpenFace::LandmarkDetector PROPERTIES
  IMPORTED_LOCATION "${OPENFACE_LANDMARK_DETECTOR}"
  INTERFACE_INCLUDE_DIRECTORIES "${OPENFACE_INCLUDE_DIR};${OpenCV_INCLUDE_DIRS}"
  INTERFACE_LINK_LIBRARIES "${OpenCV_LIBS};dlib::dlib;${OPENFACE_OPENBLAS}")
if(Boost_FOUND)
  set_property(TARGET OpenFace::LandmarkDetector APPEND PROPERTY INTERFACE_LINK_LIBRARIES Boost::filesystem)
endif()
if(OPENFACE_TBB)
  set_property(TARGET OpenFace::LandmarkDetector APPEND PROPERTY INTERFACE_LINK_LIBRARIES "${OPENFACE_TBB}")
endif()

# The package's version, which OpenFace left at 2.0.2 in later releases.
include("${OPENFACE_INCLUDE_DIR}/../../lib/cmake/OpenFace/OpenFaceConfigVersion.cmake" OPTIONAL)
if(PACKAGE_VERSION)
  set(OpenFace_VERSION "${PACKAGE_VERSION}")
else()
  set(OpenFace_VERSION "unknown")
endif()
