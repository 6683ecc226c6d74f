// A network's layers, one after another; pyclnf/detection/networks.py.
#pragma once

#include "connection.h"
#include "convolution.h"
#include "pooling.h"
#include "scaling.h"

namespace pyclnf::detection::PYCLNF_LEVEL {
namespace {

// What a network needs for views of a size: two buffers of maps, and memory of single layers.
struct Needs {
  std::size_t maps, memory;
};

inline void enlarge(std::size_t& largest, std::size_t size) {
  if (size > largest) largest = size;
}

inline Needs needs(const Network& network, std::int32_t height, std::int32_t width) {
  Shape shape{3, height, width};
  Needs needs{static_cast<std::size_t>(shape.size()), scaling_floats(width)};
  for (std::int32_t i = 0; i < network.count; ++i) {
    const Layer& layer = network.layers[i];
    if (layer.kind == Kind::kConvolution) enlarge(needs.memory, convolution_floats(layer));
    enlarge(needs.memory, static_cast<std::size_t>(shape.width) + kBeyond);
    if (layer.kind == Kind::kOrdered || layer.kind == Kind::kWide) {
      enlarge(needs.memory, static_cast<std::size_t>(layer.inputs) + kBeyond);
    }
    shape = after(layer, shape);
    enlarge(needs.maps, static_cast<std::size_t>(shape.size()));
  }
  needs.maps += kBeyond - needs.maps % 2;  // what comes after holds 64-bit numbers
  return needs;
}

static std::size_t workspace_floats(const Network& network, std::int32_t height,
                                    std::int32_t width) {
  const Needs sizes = needs(network, height, width);
  return 2 * sizes.maps + sizes.memory;
}

// Whether a layer can work on maps of a shape.
inline bool fits(const Layer& layer, const Shape& shape) {
  switch (layer.kind) {
    case Kind::kConvolution:
    case Kind::kPooling:
      return layer.inputs == shape.maps && layer.height <= shape.height &&
             layer.width <= shape.width && layer.step_y <= layer.height &&
             layer.step_x <= layer.width;
    case Kind::kRectifier:
    case Kind::kPixelwise:
      return layer.inputs == shape.maps;
    default:
      return layer.inputs == shape.size();
  }
}

static Shape output_shape(const Network& network, std::int32_t height, std::int32_t width) {
  Shape shape{3, height, width};
  for (std::int32_t i = 0; i < network.count; ++i) {
    if (!fits(network.layers[i], shape)) return {0, 0, 0};
    shape = after(network.layers[i], shape);
  }
  return shape;
}

// One layer from `maps` into `out`; false if it works in place.
inline bool apply(const Layer& layer, const Shape& shape, float* maps, float* memory, float* out) {
  switch (layer.kind) {
    case Kind::kConvolution:
      Convolver(layer, shape, maps, memory, out).run();
      return true;
    case Kind::kPooling:
      pool(layer, shape, maps, memory, out);
      return true;
    case Kind::kRectifier:
      rectify(layer, shape, maps);
      return false;
    case Kind::kPixelwise:
      connect_pixels(layer, shape, maps, out);
      return true;
    case Kind::kOrdered:
      flatten(shape, maps, memory);
      connect_ordered(layer, memory, out);
      return true;
    default:
      flatten(shape, maps, memory);
      connect_wide(layer, memory, out);
      return true;
  }
}

static void look(const Network& network, const View& view, float* workspace, float* outputs) {
  const Needs sizes = needs(network, view.scaled_height, view.scaled_width);
  float *maps = workspace, *other = maps + sizes.maps, *const memory = other + sizes.maps;
  Shape shape{3, view.scaled_height, view.scaled_width};
  scale(view, memory, maps);
  for (std::int32_t i = 0; i < network.count; ++i) {
    if (apply(network.layers[i], shape, maps, memory, other)) {
      float* const next = other;
      other = maps;
      maps = next;
    }
    shape = after(network.layers[i], shape);
  }
  std::memcpy(outputs, maps, static_cast<std::size_t>(shape.size()) * sizeof(float));
}

}  // namespace
}  // namespace pyclnf::detection::PYCLNF_LEVEL
