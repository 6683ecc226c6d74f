// All kernels, as a GPU's runtime or a processor's loader finds them.
//
// Compiled at first use where there is a GPU; by the tests, as ordinary C++, where there is none.
#include "arguments.cuh"
#include "grey.cuh"
#include "place.cuh"
#include "respond.cuh"
#include "scale.cuh"
#include "start.cuh"
#include "team.cuh"

#if defined(__CUDACC__)

// Registers are dealt out so that a multiprocessor has room for so many blocks.
#define PYCLNF_KERNEL(name, Arguments, function, resident)                                        \
  extern "C" __global__ void __launch_bounds__(128, resident)                                     \
      name(const pyclnf::batch::Arguments in) {                                                   \
    extern __shared__ double shared[];                                                            \
    pyclnf::batch::function(pyclnf::batch::Team{}, static_cast<int64_t>(blockIdx.x), shared, in); \
  }

#else

// How large what it works on is, too, for those that lay it out.
#define PYCLNF_KERNEL(name, Arguments, function, resident)                                   \
  extern "C" bool name(int64_t blocks, int64_t shared_bytes, const void* in) {               \
    return pyclnf::batch::run_blocks(blocks, shared_bytes,                                   \
                                     *static_cast<const pyclnf::batch::Arguments*>(in),      \
                                     pyclnf::batch::function);                               \
  }                                                                                          \
  extern "C" int64_t name##_arguments() { return sizeof(pyclnf::batch::Arguments); }

extern "C" int64_t pyclnf_workspace_bytes(int32_t landmarks, int32_t modes) {
  pyclnf::batch::Workspace work;
  const pyclnf::batch::Model model = {nullptr, nullptr, nullptr, nullptr, landmarks, modes};
  return work.carve(model, nullptr) * static_cast<int64_t>(sizeof(double));
}

#endif

PYCLNF_KERNEL(pyclnf_grey, GreyArguments, grey, 16)
PYCLNF_KERNEL(pyclnf_start, StartArguments, start, 12)
PYCLNF_KERNEL(pyclnf_place, PlaceArguments, place_faces, 7)
PYCLNF_KERNEL(pyclnf_respond, RespondArguments, respond, 8)
PYCLNF_KERNEL(pyclnf_fit_scale, ScaleArguments, fit_scale, 7)
