// Views and similarities: a thread for each face does what a processor's kernel does.
#pragma once

#include "../../../kernels/responses/placing.h"
#include "arguments.cuh"
#include "team.cuh"

namespace pyclnf::batch {

constexpr int faces_per_block = 32;

inline void place_face(const PlaceArguments& in, int64_t face) {
  if (in.state.status[face] != active) return;
  const int64_t n = in.landmarks;
  in.scales[face] = in.index;
  in.views[face] = PYCLNF_LEVEL::place(pyclnf::PlaceArguments{
      in.centers, in.n_views, in.state.global + 6 * face + 1, in.state.landmarks + 2 * n * face,
      in.state.shape + 3 * n * face, in.landmarks, in.scale, in.to_reference + 4 * face,
      in.to_image + 4 * face, in.workspace + 8 * n * face});
}

inline void place_faces(const Team& team, int64_t block, void*, const PlaceArguments& in) {
  const int64_t first = block * faces_per_block;
  const int64_t left = in.faces - first;
  const int used = static_cast<int>(left < faces_per_block ? left : faces_per_block);
  team.each(used, [&](int i) { place_face(in, first + i); });
}

}  // namespace pyclnf::batch
