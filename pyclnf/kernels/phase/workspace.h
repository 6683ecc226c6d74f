// The memory of a phase: cut out of one block, once per model and thread.
#pragma once

#include <cstddef>
#include <cstring>
#include <initializer_list>

#include "cholesky.h"
#include "level.h"
#include "product_order.h"
#include "shape.h"
#include "types.h"

namespace pyclnf::phase::PYCLNF_LEVEL {
namespace {

// Hands out parts of a block, or only counts them where there is none yet.
class Carver {
 public:
  explicit Carver(void* block) : block_(static_cast<unsigned char*>(block)) {}

  template <typename Element>
  Element* take(std::size_t count) {
    auto* part = block_ ? reinterpret_cast<Element*>(block_ + used_) : nullptr;
    used_ += (count * sizeof(Element) + kAlignment - 1) / kAlignment * kAlignment;
    return part;
  }

  std::size_t used() const { return used_; }

 private:
  unsigned char* block_;
  std::size_t used_ = 0;
};

// Two tilings, for phases with 6 and with 6 + m parameters.
struct Tiling {
  Tile* tiles;
  int count;
};

struct Workspace {
  Pose poses[2];           // where an iteration starts, and where it leads
  int* seen;               // visible landmarks
  float *base_x, *base_y;  // n
  float *moved_x, *moved_y;
  float *offset_x, *offset_y;
  float *shift_x, *shift_y;
  float* pull;             // 2n: shifts in the picture's frame, x of all and then y
  float* residual_shape;   // 3 x padded(n): what distances from landmarks are measured with
  float* jacobian;         // 2n x padded(6 + m), as the next two
  float* seen_rows;
  float* weighted_rows;
  float* hessian;          // padded to whole blocks of columns
  float* right;
  float* change;
  CholeskyMemory cholesky;
  Tiling rigid, nonrigid;

  // Lay out the memory of a model; return its size. Without a block, only that.
  std::size_t carve(const Model& model, void* block) {
    Carver carver(block);
    const std::size_t n = padded(model.landmarks), m = padded(model.modes);
    const int size = kRigid + model.modes;
    const std::size_t width = padded(size), solver_width = padded(size + 1);
    for (Pose& pose : poses) {
      pose.local = carver.take<float>(m);
      pose.shape = carver.take<float>(3 * n);
      pose.x = carver.take<float>(n);
      pose.y = carver.take<float>(n);
    }
    seen = carver.take<int>(n);
    for (float** part : {&base_x, &base_y, &moved_x, &moved_y, &offset_x, &offset_y, &shift_x,
                         &shift_y}) {
      *part = carver.take<float>(n);
    }
    pull = carver.take<float>(2 * n);
    residual_shape = carver.take<float>(3 * n);
    for (float** part : {&jacobian, &seen_rows, &weighted_rows}) {
      *part = carver.take<float>(2 * n * width);
    }
    hessian = carver.take<float>(width * width);
    right = carver.take<float>(width);
    change = carver.take<float>(width);
    cholesky.remaining = carver.take<double>(size * solver_width);
    cholesky.factor = carver.take<float>(size * solver_width);
    cholesky.column = carver.take<float>(solver_width);
    cholesky.reciprocals = carver.take<float>(size);
    cholesky.diagonal = carver.take<double>(solver_width);
    cholesky.open = carver.take<double>(solver_width);
    rigid.tiles = carver.take<Tile>(most_tiles(kRigid));
    nonrigid.tiles = carver.take<Tile>(most_tiles(size));
    if (block != nullptr) {
      std::memset(block, 0, carver.used());
      rigid.count = Tiler(kRigid, rigid.tiles).cover();
      nonrigid.count = Tiler(size, nonrigid.tiles).cover();
    }
    return carver.used();
  }
};

}  // namespace
}  // namespace pyclnf::phase::PYCLNF_LEVEL
