# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
# cython: embedsignature=False, freethreading_compatible=True
"""A phase of NU-RLMS as a Python function: arguments are checked, the GIL is released."""

import numpy as np

from cpython.buffer cimport (
    PyBUF_C_CONTIGUOUS,
    PyBUF_FORMAT,
    PyBUF_WRITABLE,
    PyBuffer_Release,
    PyObject_GetBuffer,
)
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stddef cimport size_t
from libc.stdint cimport int64_t, uint8_t, uintptr_t
from libcpp cimport bool as cbool


cdef extern from "phase/table.h" namespace "pyclnf::phase" nogil:
    const size_t kAlignment
    int padded(int)

    cdef cppclass Model:
        int landmarks, modes
        const float* mean
        const float* by_mode
        const float* by_point
        const float* limits

    cdef cppclass Task:
        cbool rigid
        int window, max_iterations
        const float* maps
        const uint8_t* visible
        const float* base
        float to_reference[4]
        float to_image[4]
        const float* kernels
        const float* prior
        const float* weights

    cdef cppclass State:
        float* global_ "global"
        float* local
        float* rotation
        float* shape
        float* landmarks

    cdef cppclass Record:
        State before
        float* offsets
        float* mean_shifts
        float* jacobian
        float* hessian
        float* right
        float* change
        float* global_ "global"
        float* local

    cdef cppclass Outcome:
        int iterations
        cbool diverged, reshaped

    cdef cppclass Steps:
        void sine(const float*, int64_t, float*)
        void cosine(const float*, int64_t, float*)
        void arcsine(const float*, int64_t, float*)
        void arctangent2(const float*, const float*, int64_t, float*)
        void wide(const double*, int64_t, double*)
        void hypotenuse(const double*, const double*, int64_t, double*)
        void svd_float(const float*, float*, float*)
        void svd_double(const double*, double*, double*)
        void euler_to_matrix(const float*, float*)
        void matrix_to_euler(const float*, float*)
        void orthonormalised(const float*, float*)
        void matrix_to_axis_angle(const float*, float*)
        void axis_angle_to_matrix(const float*, float*)
        void compose(const float*, const float*, float*)

    cdef cppclass Kernels:
        size_t workspace_size(const Model&)
        void prepare(const Model&, void*)
        Outcome run(const Model&, const Task&, const State&, const Record*, void*, float*)
        void pose(const Model&, const State&, void*)
        int descend(const Model&, const float*, const float*, const State&, void*)
        double log_likelihood(const float*, int, int, const uint8_t*, const float*, float)
        void fill_kernels(int, float, float*)
        Steps steps

    const Kernels* kernels_of(int)


cdef const Kernels* _of(int level) except NULL:
    cdef const Kernels* kernels = kernels_of(level)
    if kernels == NULL:
        raise ValueError(f"level: this build has no level {level}")
    return kernels


cdef int _check(bint holds, str expected) except -1:
    if not holds:
        raise ValueError(f"expected {expected}")
    return 0


cdef class _Memory:
    """Aligned memory, freed with the object."""

    cdef void* _block
    cdef void* start

    def __cinit__(self, size_t size):
        self._block = PyMem_Malloc(size + kAlignment)
        if self._block == NULL:
            raise MemoryError
        self.start = <void*>((<uintptr_t>self._block + kAlignment - 1) // kAlignment * kAlignment)

    def __dealloc__(self):
        PyMem_Free(self._block)


cdef class Phases:
    """A model laid out for phases on one level; read only, but for memory it keeps for later calls.

    Any number of threads may run phases at the same time: each takes a workspace that is not in
    use, or a new one.
    """

    cdef readonly int level, landmarks, modes
    cdef const Kernels* _kernels
    cdef Model _model
    cdef object _kept
    cdef list _spare

    def __init__(
        self,
        int level,
        const float[::1] mean_shape,
        const float[:, ::1] components,
        const float[::1] limits,
    ):
        self._kernels = _of(level)
        cdef Py_ssize_t rows = mean_shape.shape[0], modes = components.shape[1]
        _check(0 < rows < 100000 and rows % 3 == 0, "3n coordinates")
        _check(components.shape[0] == rows and 0 < modes < 10000, "(3n, m) components")
        _check(limits.shape[0] == modes, "a limit per mode")
        cdef int n = <int>(rows // 3), m = <int>modes
        cdef int n_padded = padded(n), width = padded(6 + m)
        mean = np.zeros((3, n_padded), np.float32)
        mean[:, :n] = np.asarray(mean_shape).reshape(3, n)
        by_mode = np.zeros((m, 3, n_padded), np.float32)
        by_mode[:, :, :n] = np.asarray(components).T.reshape(m, 3, n)
        by_point = np.zeros((3 * n, width), np.float32)
        by_point[:, 6 : 6 + m] = components
        kept = np.array(limits, np.float32)
        cdef float[:, ::1] mean_view = mean
        cdef float[:, :, ::1] by_mode_view = by_mode
        cdef float[:, ::1] by_point_view = by_point
        cdef float[::1] limits_view = kept
        self._kept = (mean, by_mode, by_point, kept)
        self._model.landmarks, self._model.modes = n, m
        self._model.mean = &mean_view[0, 0]
        self._model.by_mode = &by_mode_view[0, 0, 0]
        self._model.by_point = &by_point_view[0, 0]
        self._model.limits = &limits_view[0]
        self.level, self.landmarks, self.modes = level, n, m
        self._spare = []

    def run(
        self,
        bint rigid,
        int max_iterations,
        const float[:, :, ::1] maps,
        const uint8_t[::1] visible,
        const float[:, ::1] base,
        const float[:, ::1] to_reference,
        const float[:, ::1] to_image,
        const float[:, ::1] kernels,
        const float[::1] prior,
        const float[::1] weights,
        tuple state,
        float[:, ::1] offsets,
        tuple record,
    ):
        cdef Task task
        cdef State places
        cdef Record recorded
        cdef const Record* told = NULL
        cdef Outcome outcome
        cdef _Memory memory
        cdef Py_ssize_t n = self.landmarks, size = 6 if rigid else 6 + self.modes
        cdef Py_ssize_t window = maps.shape[1]
        _check(0 < max_iterations < 100000, "at least one iteration")
        _check(0 < window < 256, "maps of up to 255 px")
        _check(maps.shape[0] == n and maps.shape[2] == window, "(n, w, w) maps")
        _check(visible.shape[0] == n, "(n,) visible")
        _check(base.shape[0] == n and base.shape[1] == 2, "(n, 2) base landmarks")
        _check(to_reference.shape[0] == 2 and to_reference.shape[1] == 2, "(2, 2) similarities")
        _check(to_image.shape[0] == 2 and to_image.shape[1] == 2, "(2, 2) similarities")
        _check(
            kernels.shape[0] == 100 * window * window and kernels.shape[1] == window * window,
            "a kernel of w**2 per cell",
        )
        _check(prior.shape[0] == size, "a prior per parameter")
        _check(weights is None or weights.shape[0] == n, "a weight per landmark")
        _check(offsets.shape[0] == n and offsets.shape[1] == 2, "(n, 2) offsets")
        task.rigid = rigid
        task.window, task.max_iterations = <int>window, max_iterations
        task.maps = &maps[0, 0, 0]
        task.visible = &visible[0]
        task.base = &base[0, 0]
        task.to_reference[0], task.to_reference[1] = to_reference[0, 0], to_reference[0, 1]
        task.to_reference[2], task.to_reference[3] = to_reference[1, 0], to_reference[1, 1]
        task.to_image[0], task.to_image[1] = to_image[0, 0], to_image[0, 1]
        task.to_image[2], task.to_image[3] = to_image[1, 0], to_image[1, 1]
        task.kernels = &kernels[0, 0]
        task.prior = &prior[0]
        task.weights = NULL
        if weights is not None:
            task.weights = &weights[0]
        self._fill(&places, state, 1)
        if record is not None:
            _check(len(record) == 13, "thirteen arrays to record into")
            self._fill(&recorded.before, record[:5], max_iterations)
            recorded.offsets = _place(record[5], max_iterations * 2 * n)
            recorded.mean_shifts = _place(record[6], max_iterations * 2 * n)
            recorded.jacobian = _place(record[7], max_iterations * 2 * n * size)
            recorded.hessian = _place(record[8], max_iterations * size * size)
            recorded.right = _place(record[9], max_iterations * size)
            recorded.change = _place(record[10], max_iterations * size)
            recorded.global_ = _place(record[11], max_iterations * 6)
            recorded.local = _place(record[12], max_iterations * self.modes)
            told = &recorded
        memory = self._workspace()
        with nogil:
            outcome = self._kernels.run(
                self._model, task, places, told, memory.start, &offsets[0, 0]
            )
        self._spare.append(memory)
        return outcome.iterations, outcome.diverged, outcome.reshaped

    def pose(self, tuple state):
        cdef State places
        cdef _Memory memory
        self._fill(&places, state, 1)
        memory = self._workspace()
        self._kernels.pose(self._model, places, memory.start)  # sooner than the lock is had back
        self._spare.append(memory)

    def descend(self, const float[:, ::1] landmarks, const float[::1] prior, tuple state):
        cdef State places
        cdef int iterations
        cdef _Memory memory
        _check(landmarks.shape[0] == self.landmarks and landmarks.shape[1] == 2, "(n, 2) landmarks")
        _check(prior.shape[0] == 6 + self.modes, "a prior per parameter")
        self._fill(&places, state, 1)
        memory = self._workspace()
        with nogil:
            iterations = self._kernels.descend(
                self._model, &landmarks[0, 0], &prior[0], places, memory.start
            )
        self._spare.append(memory)
        return iterations

    cdef int _fill(self, State* places, tuple arrays, int count) except -1:
        """Point at the arrays of a state, or of as many states one after another."""
        _check(len(arrays) == 5, "the five arrays of a state")
        places.global_ = _place(arrays[0], count * 6)
        places.local = _place(arrays[1], count * self.modes)
        places.rotation = _place(arrays[2], count * 9)
        places.shape = _place(arrays[3], count * 3 * self.landmarks)
        places.landmarks = _place(arrays[4], count * 2 * self.landmarks)
        return 0

    cdef _Memory _workspace(self):
        """Return prepared memory that no other call uses."""
        cdef _Memory memory
        try:
            return self._spare.pop()
        except IndexError:
            memory = _Memory(self._kernels.workspace_size(self._model))
            self._kernels.prepare(self._model, memory.start)
            return memory


cdef float* _place(array, Py_ssize_t size) except NULL:
    """Return the memory of a contiguous float32 array that its caller keeps alive."""
    return <float*>_memory_of(array, b"f", size)


cdef void* _memory_of(array, bytes kind, Py_ssize_t size) except NULL:
    """Return the memory of so many contiguous, writable numbers of a kind."""
    cdef Py_buffer buffer
    cdef bint fits
    PyObject_GetBuffer(array, &buffer, PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE | PyBUF_FORMAT)
    fits = buffer.format == kind and buffer.len == size * buffer.itemsize and size > 0
    PyBuffer_Release(&buffer)
    if not fits:
        raise ValueError(f"expected a contiguous array of {size} numbers of type {kind.decode()}")
    return buffer.buf


def log_likelihood(
    int level,
    const float[:, :, ::1] maps,
    const uint8_t[::1] visible,
    const float[:, ::1] offsets,
    float sigma,
):
    """Return the mean log likelihood, see :func:`pyclnf.likelihood.log_likelihood`."""
    cdef const Kernels* kernels = _of(level)
    cdef Py_ssize_t n = maps.shape[0], window = maps.shape[1]
    _check(n > 0 and 0 < window < 256 and maps.shape[2] == window, "(n, w, w) maps")
    _check(visible.shape[0] == n, "(n,) visible")
    _check(offsets.shape[0] == n and offsets.shape[1] == 2, "(n, 2) offsets")
    return kernels.log_likelihood(
        &maps[0, 0, 0], <int>n, <int>window, &visible[0], &offsets[0, 0], sigma
    )


def fill_kernels(int level, int window, float sigma, kernels):
    """Fill the table of :class:`pyclnf.mean_shift.KernelTable`, (10w * 10w, w * w) float32."""
    cdef const Kernels* functions = _of(level)
    _check(0 < window < 256, "maps of up to 255 px")
    cdef float* to = _place(kernels, 100 * <Py_ssize_t>window ** 4)
    with nogil:
        functions.fill_kernels(window, sigma, to)


# ---- Single steps, for comparing each with its definition ----


def step(int level, str name, tuple arrays):
    """Carry out a step of a phase.

    `arrays` are its arguments and then its results, contiguous, as phase/table.h names them.
    """
    cdef const Steps* steps = &_of(level).steps
    cdef void* at[3]
    cdef Py_ssize_t i, count = arrays[0].size
    kind, sizes = _STEPS[name]
    _check(len(arrays) == len(sizes) <= 3, f"{len(sizes)} arrays")
    for i in range(len(sizes)):
        at[i] = _memory_of(arrays[i], kind, sizes[i] if sizes[0] else count * (sizes[i] or 1))
    cdef float* f[3]
    cdef double* d[3]
    for i in range(len(sizes)):
        f[i], d[i] = <float*>at[i], <double*>at[i]
    if name == "sine":
        steps.sine(f[0], count, f[1])
    elif name == "cosine":
        steps.cosine(f[0], count, f[1])
    elif name == "arcsine":
        steps.arcsine(f[0], count, f[1])
    elif name == "arctangent2":
        steps.arctangent2(f[0], f[1], count, f[2])
    elif name == "wide":
        steps.wide(d[0], count, d[1])
    elif name == "hypotenuse":
        steps.hypotenuse(d[0], d[1], count, d[2])
    elif name == "svd_float":
        steps.svd_float(f[0], f[1], f[2])
    elif name == "svd_double":
        steps.svd_double(d[0], d[1], d[2])
    elif name == "euler_to_matrix":
        steps.euler_to_matrix(f[0], f[1])
    elif name == "matrix_to_euler":
        steps.matrix_to_euler(f[0], f[1])
    elif name == "orthonormalised":
        steps.orthonormalised(f[0], f[1])
    elif name == "matrix_to_axis_angle":
        steps.matrix_to_axis_angle(f[0], f[1])
    elif name == "axis_angle_to_matrix":
        steps.axis_angle_to_matrix(f[0], f[1])
    elif name == "compose":
        steps.compose(f[0], f[1], f[2])


# Type and numbers of each array; 0: as many as the first one has, or that many for each of its.
_STEPS = {
    "sine": (b"f", (0, 0)),
    "cosine": (b"f", (0, 0)),
    "arcsine": (b"f", (0, 0)),
    "arctangent2": (b"f", (0, 0, 0)),
    "wide": (b"d", (0, 5)),
    "hypotenuse": (b"d", (0, 0, 0)),
    "svd_float": (b"f", (9, 9, 9)),
    "svd_double": (b"d", (9, 9, 9)),
    "euler_to_matrix": (b"f", (3, 9)),
    "matrix_to_euler": (b"f", (9, 3)),
    "orthonormalised": (b"f", (9, 9)),
    "matrix_to_axis_angle": (b"f", (9, 3)),
    "axis_angle_to_matrix": (b"f", (3, 9)),
    "compose": (b"f", (9, 3, 3)),
}
