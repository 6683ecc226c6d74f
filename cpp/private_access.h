// Calls private members of OpenFace's CLNF without changing it.
//
// An explicit template instantiation may name private members ([temp.spec.general]); each one here defines a friend
// function that hands the member's address out. To be included in one file only, steps.cpp. register_detection.cpp does the
// same for the face detector's networks.
#pragma once

#include "openface.h"

namespace bridge::access {

using LandmarkDetector::CLNF;
using LandmarkDetector::FaceModelParameters;

template <typename Tag, typename Tag::Member member> struct Expose {
  friend typename Tag::Member address(Tag) { return member; }
};

struct NuRlms {
  using Member = float (CLNF::*)(cv::Vec6f&, Matrix&, const std::vector<Matrix>&, const cv::Vec6f&, const Matrix&,
                                 const Matrix&, const cv::Matx22f&, const cv::Matx22f&, int, int, bool, int, Matrix&,
                                 const FaceModelParameters&, bool);
  friend Member address(NuRlms);
};

struct MeanShift {
  using Member = void (CLNF::*)(Matrix&, const std::vector<Matrix>&, const Matrix&, const Matrix&, int, float, int, int,
                                KernelTables&);
  friend Member address(MeanShift);
};

struct WeightMatrix {
  using Member = void (CLNF::*)(Matrix&, int, int, const FaceModelParameters&);
  friend Member address(WeightMatrix);
};

struct Kernels {
  using Member = KernelTables CLNF::*;
  friend Member address(Kernels);
};

template struct Expose<NuRlms, &CLNF::NU_RLMS>;
template struct Expose<MeanShift, &CLNF::NonVectorisedMeanShift_precalc_kde>;
template struct Expose<WeightMatrix, &CLNF::GetWeightMatrix>;
template struct Expose<Kernels, &CLNF::kde_resp_precalc>;

} // namespace bridge::access
