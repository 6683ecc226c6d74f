// Maps between layers: planes of floats.
#pragma once

#include "../simd/partial.h"
#include "types.h"

namespace pyclnf::detection::PYCLNF_LEVEL {
namespace {

namespace simd = pyclnf::PYCLNF_LEVEL;

// How many windows of a pooling a row or column has; pyclnf/model/network_file.py.
inline std::int64_t pooled_length(std::int64_t length, std::int64_t window, std::int64_t step) {
  return (2 * (length - window) + step) / (2 * step) + 1;
}

// The shape that a layer makes of another.
inline Shape after(const Layer& layer, const Shape& shape) {
  switch (layer.kind) {
    case Kind::kConvolution:
      return {layer.outputs, shape.height - layer.height + 1, shape.width - layer.width + 1};
    case Kind::kPooling:
      return {shape.maps, pooled_length(shape.height, layer.height, layer.step_y),
              pooled_length(shape.width, layer.width, layer.step_x)};
    case Kind::kRectifier:
      return shape;
    case Kind::kPixelwise:
      return {layer.outputs, shape.height, shape.width};
    default:
      return {layer.outputs, 1, 1};
  }
}

}  // namespace
}  // namespace pyclnf::detection::PYCLNF_LEVEL
