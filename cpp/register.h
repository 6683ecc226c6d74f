// One function per area; module.cpp calls them in this order.
#pragma once

#include "openface.h"

namespace bridge {

void register_system(py::module_& m);
void register_model(py::module_& m);
void register_pdm(py::module_& m);
void register_experts(py::module_& m);
void register_mean_shift(py::module_& m);
void register_phase(py::module_& m);
void register_fit(py::module_& m);
void register_images(py::module_& m);
void register_validator(py::module_& m);
void register_tracking(py::module_& m);
void register_detection(py::module_& m);
void register_pose(py::module_& m);

} // namespace bridge
