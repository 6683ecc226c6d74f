// openface_bridge._native: an unmodified OpenFace, seen from inside. A table of contents.
#include "register.h"

PYBIND11_MODULE(_native, m) {
  m.doc() = "OpenFace C++, as its user built it. See _native.pyi for everything in here.";
  bridge::register_system(m);     // errors, versions, BLAS kernel and threads
  bridge::register_model(m);      // Settings, Model: load, parts, reset
  bridge::register_pdm(m);        // shapes, Jacobians, updates, parameters from box and landmarks
  bridge::register_experts(m);    // view, similarity, areas of interest, response maps
  bridge::register_mean_shift(m); // offsets, mean shift
  bridge::register_phase(m);      // one NU-RLMS iteration, a whole phase
  bridge::register_fit(m);        // a whole fit from a box, plain
  bridge::register_images(m);     // rotation hypotheses, parts, validator
  bridge::register_validator(m);  // its view, warp and layers
  bridge::register_tracking(m);   // over frames
  bridge::register_detection(m);  // MTCNN
  bridge::register_pose(m);       // head pose
}
