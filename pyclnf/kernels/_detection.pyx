# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, embedsignature=False, freethreading_compatible=True
"""Face detection as Python functions: arguments are checked, the GIL is released."""

from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stddef cimport size_t
from libc.stdint cimport int32_t, int64_t, uint8_t, uintptr_t
from libcpp cimport bool as cbool


cdef extern from "detection/table.h" namespace "pyclnf::detection" nogil:
    cdef enum class Kind(int32_t):
        kConvolution
        kPooling
        kRectifier
        kPixelwise
        kOrdered
        kWide

    cdef cppclass Shape:
        int64_t maps, height, width
        int64_t size()

    cdef cppclass Layer:
        Kind kind
        int32_t inputs, outputs, height, width, step_y, step_x
        const float* weights
        const float* biases
        const int32_t* groups
        int32_t n_groups

    cdef cppclass CNetwork "pyclnf::detection::Network":
        const Layer* layers
        int32_t count

    cdef cppclass View:
        const uint8_t* planes
        int64_t height, width, left, upper, rows, columns
        int32_t scaled_height, scaled_width

    cdef cppclass Suppression:
        const int32_t* boxes
        int64_t count
        float most
        cbool of_smaller
        uint8_t* stays

    cdef cppclass Kernels:
        size_t workspace_floats(const CNetwork&, int32_t, int32_t)
        Shape output_shape(const CNetwork&, int32_t, int32_t)
        void look(const CNetwork&, const View&, float*, float*)
        void suppress(const Suppression&)

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


cdef enum:
    LARGEST = 1 << 24  # px of a side: what is made of it stays within 64 bits


cdef class Network:
    """Layers laid out for the kernels of one level; read only."""

    cdef readonly int level
    cdef const Kernels* _kernels
    cdef CNetwork _network
    cdef Layer* _layers
    cdef list _kept

    def __cinit__(self, int level, list layers):
        self._kernels = _of(level)
        self._layers = <Layer*>PyMem_Calloc(max(len(layers), 1), sizeof(Layer))
        if self._layers == NULL:
            raise MemoryError

    def __dealloc__(self):
        PyMem_Free(self._layers)

    def __init__(self, int level, list layers):
        self.level = level
        self._kept = []
        for i, (kind, sizes, weights, biases, groups) in enumerate(layers):
            self._add(&self._layers[i], kind, sizes, weights, biases, groups)
        self._network.layers = self._layers
        self._network.count = <int32_t>len(layers)

    cdef int _add(
        self,
        Layer* layer,
        int kind,
        tuple sizes,
        const float[::1] weights,
        const float[::1] biases,
        const int32_t[:, ::1] groups,
    ) except -1:
        _check(0 <= kind <= <int>Kind.kWide, "a kind of layer")
        layer.kind = <Kind>kind
        layer.inputs, layer.outputs, layer.height, layer.width, layer.step_y, layer.step_x = sizes
        _check(min(sizes) > 0 and max(sizes) < 1 << 20, "positive sizes")
        _check(weights.shape[0] >= _weights_of(layer), "all weights")
        _check(biases.shape[0] >= _biases_of(layer), "all biases")
        if weights.shape[0]:
            layer.weights = &weights[0]
        if biases.shape[0]:
            layer.biases = &biases[0]
        if layer.kind == Kind.kConvolution or layer.kind == Kind.kOrdered:
            _check_groups(groups, _terms_of(layer))
            layer.groups = &groups[0, 0]
            layer.n_groups = <int32_t>groups.shape[0]
        self._kept.append((weights, biases, groups))
        return 0

    def workspace_floats(self, int height, int width):
        self.output_shape(height, width)
        return self._kernels.workspace_floats(self._network, height, width)

    def output_shape(self, int height, int width):
        cdef Shape shape
        _check(0 < height < LARGEST and 0 < width < LARGEST, "a size to scale to")
        shape = self._kernels.output_shape(self._network, height, width)
        _check(shape.size() > 0, "layers that fit each other and the size")
        return shape.maps, shape.height, shape.width


cdef int64_t _terms_of(const Layer* layer):
    """Return how many terms a layer's sums have."""
    if layer.kind == Kind.kConvolution:
        return <int64_t>layer.inputs * layer.height * layer.width + 1
    return layer.inputs


cdef int64_t _padded(int64_t count, int64_t to):
    return (count + to - 1) // to * to


cdef int64_t _weights_of(const Layer* layer):
    if layer.kind == Kind.kPooling:
        return 0
    if layer.kind == Kind.kRectifier:
        return layer.outputs
    return _terms_of(layer) * _padded(layer.outputs, 8 if layer.kind == Kind.kConvolution else 16)


cdef int64_t _biases_of(const Layer* layer):
    if <int>layer.kind < <int>Kind.kPixelwise:
        return 0
    return _padded(layer.outputs, 16)


cdef int _check_groups(const int32_t[:, ::1] groups, int64_t terms) except -1:
    cdef Py_ssize_t i
    cdef int64_t start = 0
    _check(groups.shape[0] > 0 and groups.shape[1] == 2, "(n, 2) groups of terms")
    for i in range(groups.shape[0]):
        _check(start == groups[i, 0] and groups[i, 1] > start, "groups that follow each other")
        start = groups[i, 1]
    _check(start == terms, "groups of all terms")
    return 0


def look(
    Network network,
    const uint8_t[:, :, ::1] planes,
    const int64_t[:, ::1] regions,
    int height,
    int width,
    float[:, ::1] outputs,
    float[::1] workspace,
):
    cdef View view
    cdef Py_ssize_t i
    _check(planes.shape[0] == 3 and planes.shape[1] > 0 and planes.shape[2] > 0, "three planes")
    _check(planes.shape[1] < LARGEST and planes.shape[2] < LARGEST, "planes below 2**24 px")
    _check(regions.shape[1] == 4, "(k, 4) regions")
    _check(outputs.shape[0] == regions.shape[0], "outputs of every region")
    maps, rows, columns = network.output_shape(height, width)
    _check(outputs.shape[1] == maps * rows * columns, "outputs of output_shape")
    _check(
        workspace.shape[0] >= network.workspace_floats(height, width),
        "a workspace of workspace_floats",
    )
    _check(<uintptr_t>&workspace[0] % 8 == 0, "an aligned workspace")
    if regions.shape[0] == 0:
        return
    for i in range(regions.shape[0]):
        _check(
            -LARGEST < regions[i, 0] < LARGEST
            and -LARGEST < regions[i, 1] < LARGEST
            and 0 < regions[i, 2] < LARGEST
            and 0 < regions[i, 3] < LARGEST,
            "regions: left, upper, rows, columns",
        )
    view.planes = &planes[0, 0, 0]
    view.height, view.width = planes.shape[1], planes.shape[2]
    view.scaled_height, view.scaled_width = height, width
    with nogil:
        for i in range(regions.shape[0]):
            view.left, view.upper = regions[i, 0], regions[i, 1]
            view.rows, view.columns = regions[i, 2], regions[i, 3]
            network._kernels.look(network._network, view, &workspace[0], &outputs[i, 0])


def suppress(
    int level, const int32_t[:, ::1] boxes, float most, bint of_smaller, uint8_t[::1] stays
):
    cdef const Kernels* kernels = _of(level)
    cdef Suppression given
    _check(boxes.shape[1] == 4 and boxes.shape[0] == stays.shape[0], "(k, 4) boxes, k to stay")
    if boxes.shape[0] == 0:
        return
    given.boxes = &boxes[0, 0]
    given.count = boxes.shape[0]
    given.most = most
    given.of_smaller = of_smaller
    given.stays = &stays[0]
    with nogil:
        kernels.suppress(given)
