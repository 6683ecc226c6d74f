// The memory of a phase: a GPU's shared memory, or where that is too small, some of its own.
#pragma once

#include "arguments.cuh"
#include "cholesky.cuh"
#include "shape.cuh"

namespace pyclnf::batch {

struct Flags {
  bool finite, reshaped, converged;
};

struct Workspace {
  // The Jacobian is not needed any more when its normal equations are solved.
  union {
    double* factors;
    float* jacobian;  // (2n, c)
  };
  float *hessian, *right, *change;  // the lower triangle; (c,); (c,)
  float *global, *next_global;      // (6,)
  float *local, *next_local;        // (m,)
  float *landmarks, *next_landmarks;  // (n, 2)
  float *rotation, *shape;            // (3, 3), (3, n)
  float *offsets, *pull;              // (n, 2); (2n,): x of all, then y
  float* weights;                     // (n,)
  Flags* flags;

  // Cuts a block into parts; returns its size, in doubles. Without a block, only that.
  int64_t carve(const Model& model, double* block) {
    const int64_t n = model.landmarks, m = model.modes, c = kRigid + m;
    const int64_t solving = CholeskyMemory::bytes(static_cast<int>(c));
    const int64_t rows = 2 * n * c * static_cast<int64_t>(sizeof(float));
    int64_t used = ((solving > rows ? solving : rows) + 7) / 8;
    factors = block;
    const auto take = [&](int64_t floats) {
      auto* const part = block ? reinterpret_cast<float*>(block + used) : nullptr;
      used += (floats + 1) / 2;
      return part;
    };
    hessian = take(c * (c + 1) / 2);
    right = take(c);
    change = take(c);
    global = take(kRigid);
    next_global = take(kRigid);
    local = take(m);
    next_local = take(m);
    landmarks = take(2 * n);
    next_landmarks = take(2 * n);
    rotation = take(9);
    shape = take(3 * n);
    offsets = take(2 * n);
    pull = take(2 * n);
    weights = take(n);
    flags = reinterpret_cast<Flags*>(take(2));
    return used;
  }

  // Takes over what an iteration has led to; every thread does so with its own pointers.
  void advance() {
    exchange(global, next_global);
    exchange(local, next_local);
    exchange(landmarks, next_landmarks);
  }

 private:
  static void exchange(float*& a, float*& b) {
    float* const kept = a;
    a = b;
    b = kept;
  }
};

}  // namespace pyclnf::batch
