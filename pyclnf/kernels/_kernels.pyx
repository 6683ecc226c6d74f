# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, embedsignature=False, freethreading_compatible=True
"""The kernels as Python functions: shapes checked, the GIL released, nothing allocated."""

from libc.stddef cimport size_t
from libc.stdint cimport int32_t, int64_t, uint8_t
from libcpp cimport bool as cbool


cdef extern from "table.h" namespace "pyclnf" nogil:
    cdef cppclass GreyArguments:
        const uint8_t* pixels
        int64_t height, width
        int64_t row_step, column_step, colour_step
        uint8_t* grey

    cdef cppclass PlaceArguments:
        const double* centers
        int32_t n_views
        const float* euler
        const float* landmarks
        const float* shape_3d
        int32_t n
        float scale
        float* to_reference
        float* to_image
        float* workspace

    cdef cppclass SampleArguments:
        const uint8_t* pixels
        int32_t height, width
        const float* landmarks
        int32_t count
        float a, b
        int32_t size
        float* areas
        int32_t* workspace

    cdef cppclass ResponseArguments:
        const float* areas
        int32_t count, window, support
        const float* weights
        int32_t neurons
        const double* alphas
        const uint8_t* even_odd
        const int32_t* weight_groups
        int32_t n_weight_groups
        const float* sigmas
        cbool scalar_sigmas
        const int32_t* sigma_groups
        int32_t n_sigma_groups
        float* maps
        float* workspace

    cdef cppclass InvertArguments:
        const float* matrices
        int64_t count, size
        cbool blocked
        float* inverses
        float* workspace

    cdef cppclass ConvolutionArguments:
        const float* maps
        const int32_t* places
        const float* weights
        int32_t terms, kernels
        const int32_t* groups
        int32_t n_groups
        const int32_t* even_odd
        int64_t n_even_odd
        int64_t pitch
        float* outputs

    cdef cppclass ProductArguments:
        const float* left
        const float* right
        int64_t rows, terms, columns
        const uint8_t* even_odd
        const int32_t* groups
        int32_t n_groups
        float* product

    cdef cppclass Kernels:
        int lanes
        void grey(const GreyArguments&)
        int32_t place(const PlaceArguments&)
        void sample(const SampleArguments&)
        size_t response_floats(const ResponseArguments&)
        void respond(const ResponseArguments&)
        size_t inverse_floats(int64_t)
        void invert(const InvertArguments&)
        void convolve(const ConvolutionArguments&)
        void multiply(const ProductArguments&)
        void exponential(const float*, int64_t, float*)
        void fused(const float*, const float*, const float*, int64_t, float*)


cdef extern from "dispatch.h" namespace "pyclnf" nogil:
    const int n_levels
    const char* level_name(int)
    const Kernels* kernels_of(int)


cdef extern from "team.h" namespace "pyclnf" nogil:
    cdef cppclass CTeam "pyclnf::Team":
        CTeam(int32_t) except +

    void disband(CTeam*)


cdef extern from "shares.h" namespace "pyclnf" nogil:
    cdef cppclass LandmarkShares:
        SampleArguments sampling
        ResponseArguments responding
        int64_t integers, floats
        int32_t members

    LandmarkShares landmark_shares(const Kernels&)
    void share_landmarks "pyclnf::sample_and_respond"(CTeam&, LandmarkShares&)


cdef const Kernels* _of(int level) except NULL:
    cdef const Kernels* kernels = kernels_of(level)
    if kernels == NULL:
        raise ValueError(f"level: this build and processor have no level {level}")
    return kernels


cdef int _check(bint holds, str expected) except -1:
    if not holds:
        raise ValueError(f"expected {expected}")
    return 0


def levels():
    return {level_name(i).decode(): i for i in range(n_levels) if kernels_of(i) != NULL}


def lanes(int level):
    return _of(level).lanes


def exponential(int level, const float[::1] x, float[::1] powers):
    cdef const Kernels* kernels = _of(level)
    _check(x.shape[0] == powers.shape[0], "as many powers as exponents")
    if x.shape[0] == 0:
        return
    with nogil:
        kernels.exponential(&x[0], x.shape[0], &powers[0])


def fused(
    int level, const float[::1] a, const float[::1] b, const float[::1] c, float[::1] sums
):
    cdef const Kernels* kernels = _of(level)
    cdef int64_t count = a.shape[0]
    _check(b.shape[0] == c.shape[0] == sums.shape[0] == count, "arrays of one length")
    if count == 0:
        return
    with nogil:
        kernels.fused(&a[0], &b[0], &c[0], count, &sums[0])


def grey(int level, pixels, uint8_t[:, ::1] padded):
    cdef const Kernels* kernels = _of(level)
    cdef GreyArguments given
    cdef const uint8_t[:, :, :] colours
    cdef const uint8_t[:, :] greys
    if pixels.ndim == 2:
        greys = pixels
        _picture(&given, greys.shape[0], greys.shape[1], padded)
        given.pixels = &greys[0, 0]
        given.row_step, given.column_step = greys.strides[0], greys.strides[1]
        given.colour_step = 0
    else:
        colours = pixels
        _check(colours.shape[2] == 3, "blue, green, red")
        _picture(&given, colours.shape[0], colours.shape[1], padded)
        given.pixels = &colours[0, 0, 0]
        given.row_step, given.column_step = colours.strides[0], colours.strides[1]
        given.colour_step = colours.strides[2]
        _check(given.colour_step != 0, "a number for each colour")
    with nogil:
        kernels.grey(given)


cdef int _picture(
    GreyArguments* given, Py_ssize_t height, Py_ssize_t width, uint8_t[:, ::1] padded
) except -1:
    """Check a picture's size against what it is to become."""
    _check(height > 0 and width > 0, "a picture that is not empty")
    _check(padded.shape[0] == height + 4, "two rows more above and below")
    _check(padded.shape[1] == width + 4, "two columns more on either side")
    given.height, given.width = height, width
    given.grey = &padded[0, 0]
    return 0


def inverse_floats(int level, Py_ssize_t size):
    cdef const Kernels* kernels = _of(level)
    _check(0 < size < 32768, "matrices of at least one row")
    return <Py_ssize_t>kernels.inverse_floats(size)


def invert(
    int level,
    const float[:, :, ::1] matrices,
    cbool blocked,
    float[:, :, ::1] inverses,
    float[::1] workspace,
):
    cdef const Kernels* kernels = _of(level)
    cdef InvertArguments given
    cdef Py_ssize_t size = matrices.shape[1]
    _check(matrices.shape[2] == size, "(n, p, p) matrices")
    _check(inverses.shape[0] == matrices.shape[0], "an inverse per matrix")
    _check(inverses.shape[1] == inverses.shape[2] == size, "(n, p, p) inverses")
    _check(
        workspace.shape[0] >= inverse_floats(level, size), "a workspace of inverse_floats numbers"
    )
    if matrices.shape[0] == 0:
        return
    given.matrices = &matrices[0, 0, 0]
    given.count = matrices.shape[0]
    given.size = size
    given.blocked = blocked
    given.inverses = &inverses[0, 0, 0]
    given.workspace = &workspace[0]
    with nogil:
        kernels.invert(given)


def place(
    int level,
    const double[:, ::1] centers,
    const float[::1] euler,
    const float[:, ::1] landmarks,
    const float[:, ::1] shape_3d,
    float scale,
    float[:, ::1] to_reference,
    float[:, ::1] to_image,
    float[::1] workspace,
):
    cdef const Kernels* kernels = _of(level)
    cdef PlaceArguments given
    cdef Py_ssize_t n = landmarks.shape[0]
    _check(centers.shape[0] > 0 and centers.shape[1] == 3, "(v, 3) centres")
    _check(euler.shape[0] == 3, "three angles")
    _check(0 < n < (1 << 24) and landmarks.shape[1] == 2, "(n, 2) landmarks")
    _check(shape_3d.shape[0] == 3 and shape_3d.shape[1] == n, "a (3, n) shape")
    _check(to_reference.shape[0] == to_reference.shape[1] == 2, "a (2, 2) similarity")
    _check(to_image.shape[0] == to_image.shape[1] == 2, "a (2, 2) inverse")
    _check(workspace.shape[0] >= 8 * n, "a workspace of 8 * n")
    given.centers = &centers[0, 0]
    given.n_views = <int32_t>centers.shape[0]
    given.euler = &euler[0]
    given.landmarks = &landmarks[0, 0]
    given.shape_3d = &shape_3d[0, 0]
    given.n = <int32_t>n
    given.scale = scale
    given.to_reference = &to_reference[0, 0]
    given.to_image = &to_image[0, 0]
    given.workspace = &workspace[0]
    return kernels.place(given)  # sooner done than the interpreter's lock is had back


def sample_integers(Py_ssize_t size):
    return 2 * (size + 16) + 3 * (size * size + 16)


cdef int _sampling(
    SampleArguments* given,
    const uint8_t[:, ::1] pixels,
    const float[:, ::1] landmarks,
    float a,
    float b,
    float[:, :, ::1] areas,
    int32_t[::1] workspace,
) except -1:
    """Check what a sampler is given, and point at it."""
    cdef Py_ssize_t size = areas.shape[1]
    _check(pixels.shape[0] > 4 and pixels.shape[1] > 4, "a picture within two rows of zeros")
    _check(
        pixels.shape[0] * pixels.shape[1] < (<int64_t>1 << 31), "a picture of less than 2**31 px"
    )
    _check(landmarks.shape[1] == 2, "(v, 2) landmarks")
    _check(areas.shape[0] == landmarks.shape[0] and areas.shape[2] == size, "(v, s, s) areas")
    _check(0 < size < 32768, "areas of at least one sample")
    _check(
        workspace.shape[0] >= sample_integers(size), "a workspace of sample_integers numbers"
    )
    given.count = <int32_t>landmarks.shape[0]
    if given.count == 0:
        return 0
    given.pixels = &pixels[0, 0]
    given.height = <int32_t>(pixels.shape[0] - 4)
    given.width = <int32_t>(pixels.shape[1] - 4)
    given.landmarks = &landmarks[0, 0]
    given.a = a
    given.b = b
    given.size = <int32_t>size
    given.areas = &areas[0, 0, 0]
    given.workspace = &workspace[0]
    return 0


def sample(
    int level,
    const uint8_t[:, ::1] pixels,
    const float[:, ::1] landmarks,
    float a,
    float b,
    float[:, :, ::1] areas,
    int32_t[::1] workspace,
):
    cdef const Kernels* kernels = _of(level)
    cdef SampleArguments given
    _sampling(&given, pixels, landmarks, a, b, areas, workspace)
    if given.count:
        with nogil:
            kernels.sample(given)


cdef class Experts:
    """One scale, view and window size, laid out for the kernels of one level; read only."""

    cdef readonly int level, count, window, support, neurons
    cdef readonly Py_ssize_t workspace_floats
    cdef ResponseArguments _given
    cdef object _kept

    def __init__(
        self,
        int level,
        int window,
        int support,
        const float[:, :, ::1] weights,
        const double[:, ::1] alphas,
        const uint8_t[:, ::1] even_odd,
        const int32_t[:, ::1] weight_groups,
        const float[::1] sigmas,
        bint scalar_sigmas,
        const int32_t[:, ::1] sigma_groups,
    ):
        cdef const Kernels* kernels = _of(level)
        cdef int64_t count = weights.shape[0], neurons = weights.shape[1]
        cdef int64_t positions = <int64_t>window * window
        _check(count > 0 and neurons > 0, "experts with neurons")
        _check(0 < window < 256 and 0 < support < 256, "windows and supports below 256")
        _check(weights.shape[2] == 1 + <int64_t>support * support, "weights of bias and support")
        _check(alphas.shape[0] == count and alphas.shape[1] == neurons, "(v, k) alphas")
        _check(
            even_odd.shape[0] == neurons and even_odd.shape[1] == positions, "(k, w**2) orders"
        )
        _check_groups(weight_groups, weights.shape[2])
        _check_groups(sigma_groups, positions)
        if scalar_sigmas:
            _check(sigmas.shape[0] == count, "one Sigma per landmark")
        else:
            _check(
                sigmas.shape[0] >= count * positions * positions + 8 * 16,
                "a Sigma per landmark and 128 numbers beyond",
            )
        self._kept = (weights, alphas, even_odd, weight_groups, sigmas, sigma_groups)
        self.level, self.window, self.support = level, window, support
        self.count, self.neurons = <int>count, <int>neurons
        self._given.count, self._given.neurons = <int32_t>count, <int32_t>neurons
        self._given.window, self._given.support = window, support
        self._given.weights = &weights[0, 0, 0]
        self._given.alphas = &alphas[0, 0]
        self._given.even_odd = &even_odd[0, 0]
        self._given.weight_groups = &weight_groups[0, 0]
        self._given.n_weight_groups = <int32_t>weight_groups.shape[0]
        self._given.sigmas = &sigmas[0]
        self._given.scalar_sigmas = scalar_sigmas
        self._given.sigma_groups = &sigma_groups[0, 0]
        self._given.n_sigma_groups = <int32_t>sigma_groups.shape[0]
        self._given.areas = NULL
        self._given.maps = NULL
        self._given.workspace = NULL
        self.workspace_floats = <Py_ssize_t>kernels.response_floats(self._given)


cdef int _check_groups(const int32_t[:, ::1] groups, int64_t terms) except -1:
    cdef Py_ssize_t i
    cdef int64_t start = 0
    _check(groups.shape[0] > 0 and groups.shape[1] == 2, "(n, 2) groups of terms")
    for i in range(groups.shape[0]):
        _check(start == groups[i, 0] and groups[i, 1] > start, "groups that follow each other")
        start = groups[i, 1]
    _check(start == terms, "groups of all terms")
    return 0


cdef int _responding(
    ResponseArguments* given,
    Experts experts,
    const float[:, :, ::1] areas,
    float[:, :, ::1] maps,
    float[::1] workspace,
) except -1:
    """Check what experts are given, and point at it."""
    cdef Py_ssize_t size = experts.window + experts.support - 1
    _check(areas.shape[0] == maps.shape[0] == experts.count, "an area and a map per landmark")
    _check(areas.shape[1] == areas.shape[2] == size, "(v, s, s) areas")
    _check(maps.shape[1] == maps.shape[2] == experts.window, "(v, w, w) maps")
    _check(workspace.shape[0] >= experts.workspace_floats, "a workspace of workspace_floats")
    _check(<size_t>&workspace[0] % sizeof(void*) == 0, "an aligned workspace")
    given[0] = experts._given
    given.areas = &areas[0, 0, 0]
    given.maps = &maps[0, 0, 0]
    given.workspace = &workspace[0]
    return 0


def respond(
    Experts experts,
    const float[:, :, ::1] areas,
    float[:, :, ::1] maps,
    float[::1] workspace,
):
    cdef const Kernels* kernels = _of(experts.level)
    cdef ResponseArguments given
    _responding(&given, experts, areas, maps, workspace)
    with nogil:
        kernels.respond(given)


def sample_and_respond(
    Experts experts,
    const uint8_t[:, ::1] pixels,
    const float[:, ::1] landmarks,
    float a,
    float b,
    float[:, :, ::1] areas,
    float[:, :, ::1] maps,
    float[::1] floats,
    int32_t[::1] integers,
):
    cdef const Kernels* kernels = _of(experts.level)
    cdef SampleArguments sampling
    cdef ResponseArguments responding
    _sampling(&sampling, pixels, landmarks, a, b, areas, integers)
    _responding(&responding, experts, areas, maps, floats)
    with nogil:
        kernels.sample(sampling)
        kernels.respond(responding)


cdef class Team:
    """See _kernels.pyi."""

    cdef readonly int members
    cdef CTeam* _team

    def __cinit__(self, int members):
        _check(1 < members <= 1024, "two members at least, 1024 at most")
        self.members = members
        self._team = new CTeam(members - 1)

    def __dealloc__(self):
        disband(self._team)


def sample_and_respond_together(
    Team team,
    Experts experts,
    const uint8_t[:, ::1] pixels,
    const float[:, ::1] landmarks,
    float a,
    float b,
    float[:, :, ::1] areas,
    float[:, :, ::1] maps,
    float[:, ::1] floats,
    int32_t[:, ::1] integers,
):
    cdef LandmarkShares shares = landmark_shares(_of(experts.level)[0])
    _check(floats.shape[0] == integers.shape[0] == team.members, "a workspace for each member")
    _check(floats.shape[1] * 4 % sizeof(void*) == 0, "aligned workspaces")
    _sampling(&shares.sampling, pixels, landmarks, a, b, areas, integers[0])
    _responding(&shares.responding, experts, areas, maps, floats[0])
    shares.integers, shares.floats = integers.shape[1], floats.shape[1]
    shares.members = team.members
    with nogil:
        share_landmarks(team._team[0], shares)


cdef class Convolution:
    """See _kernels.pyi: everything that the maps do not decide, checked once."""

    cdef readonly int level
    cdef readonly int64_t pitch, map_floats
    cdef ConvolutionArguments _given
    cdef object _kept

    def __init__(
        self,
        int level,
        const int32_t[::1] places,
        const float[:, ::1] weights,
        const int32_t[:, ::1] groups,
        const int32_t[:, ::1] even_odd,
        int64_t windows,
    ):
        cdef int64_t i, terms = weights.shape[0], kernels = weights.shape[1]
        cdef int64_t together = 2 * _of(level).lanes
        _check(0 < windows < 2**30, "windows")
        _check(terms > 1 and kernels > 0, "weights and biases")
        _check(max(terms, kernels) < 2**30, "fewer weights")
        _check(places.shape[0] == terms - 1, "a place for each term but the bias")
        _check(even_odd.shape[1] == 2, "windows and kernels")
        _check_groups(groups, terms)
        self.level = level
        self.pitch = (windows + together - 1) // together * together
        self.map_floats = self.pitch
        for i in range(places.shape[0]):
            _check(0 <= places[i] < 2**30, "places from 0")
            self.map_floats = max(self.map_floats, self.pitch + places[i])
        for i in range(even_odd.shape[0]):
            _check(0 <= even_odd[i, 0] < windows, "windows")
            _check(0 <= even_odd[i, 1] < kernels, "kernels")
        self._kept = (places, weights, groups, even_odd)
        self._given.places = &places[0]
        self._given.weights = &weights[0, 0]
        self._given.terms, self._given.kernels = <int32_t>terms, <int32_t>kernels
        self._given.groups = &groups[0, 0]
        self._given.n_groups = <int32_t>groups.shape[0]
        self._given.n_even_odd = even_odd.shape[0]
        if even_odd.shape[0]:
            self._given.even_odd = &even_odd[0, 0]
        self._given.pitch = self.pitch


def convolve(Convolution convolution not None, const float[::1] maps, float[:, ::1] outputs):
    cdef const Kernels* kernels = _of(convolution.level)
    cdef ConvolutionArguments given = convolution._given
    _check(maps.shape[0] >= convolution.map_floats, f"{convolution.map_floats} numbers of maps")
    _check(outputs.shape[0] == given.kernels, f"{given.kernels} rows of outputs")
    _check(outputs.shape[1] == given.pitch, f"{given.pitch} columns of outputs")
    given.maps, given.outputs = &maps[0], &outputs[0, 0]
    with nogil:
        kernels.convolve(given)


def multiply(
    int level,
    const float[:, ::1] left,
    const float[:, ::1] right,
    const uint8_t[:, ::1] even_odd,
    const int32_t[:, ::1] groups,
    float[:, ::1] product,
):
    cdef const Kernels* kernels = _of(level)
    cdef ProductArguments given
    cdef int64_t rows = left.shape[0], terms = left.shape[1], columns = right.shape[1]
    _check(rows > 0 and terms > 0 and columns > 0, "matrices that are not empty")
    _check(right.shape[0] == terms, "(r, k) and (k, c) matrices")
    _check(columns % 16 == 0, "a multiple of 16 columns")
    _check(even_odd.shape[0] == rows and even_odd.shape[1] == columns, "(r, c) orders")
    _check(product.shape[0] == rows and product.shape[1] == columns, "an (r, c) product")
    _check_groups(groups, terms)
    given.left, given.right = &left[0, 0], &right[0, 0]
    given.rows, given.terms, given.columns = rows, terms, columns
    given.even_odd = &even_odd[0, 0]
    given.groups = &groups[0, 0]
    given.n_groups = <int32_t>groups.shape[0]
    given.product = &product[0, 0]
    with nogil:
        kernels.multiply(given)
