"""What is in the compiled module. Arrays are C-contiguous and, where written to, writable."""

from pyclnf.typing import ByteArray, Float32Array, Float64Array, Int32Array

def levels() -> dict[str, int]:
    """Return the levels of this build and processor, by name, lowest first."""

def lanes(level: int) -> int:
    """Return how many float32 a vector of a level has."""

def exponential(level: int, x: Float32Array, powers: Float32Array) -> None:
    """Fill powers with e to the power of x, see :func:`pyclnf.arithmetic.elementary.expf`."""

def fused(
    level: int, a: Float32Array, b: Float32Array, c: Float32Array, sums: Float32Array
) -> None:
    """Fill sums with a · b + c, rounded once."""

def grey(level: int, pixels: ByteArray, padded: ByteArray) -> None:
    """Fill (H + 4, W + 4) grey values within two zeros, of (H, W) or (H, W, 3) pixels.

    They may lie in memory in any way, but for colours that are one number. See
    :func:`pyclnf.image.to_grey`.
    """

def inverse_floats(level: int, size: int) -> int:
    """Return how much workspace :func:`invert` needs for matrices of so many rows."""

def invert(
    level: int,
    matrices: Float32Array,
    blocked: bool,
    inverses: Float32Array,
    workspace: Float32Array,
) -> None:
    """Fill (n, p, p) inverses, see :mod:`pyclnf.arithmetic.blocked_cholesky` if `blocked`.

    Otherwise see :func:`pyclnf.arithmetic.cholesky.cholesky_inverse`; `workspace` is of
    :func:`inverse_floats` numbers.
    """

def place(
    level: int,
    centers: Float64Array,
    euler: Float32Array,
    landmarks: Float32Array,
    shape_3d: Float32Array,
    scale: float,
    to_reference: Float32Array,
    to_image: Float32Array,
    workspace: Float32Array,
) -> int:
    """Return the nearest view, and fill the similarity from (n, 2) landmarks to the upright shape.

    See :func:`pyclnf.experts.views.nearest_view`, :func:`pyclnf.similarity.align` and
    :func:`pyclnf.similarity.inverse`; `workspace` is of 8 · n.
    """

def sample_integers(size: int) -> int:
    """Return how much workspace :func:`sample` needs for areas of a size."""

def sample(
    level: int,
    pixels: ByteArray,
    landmarks: Float32Array,
    a: float,
    b: float,
    areas: Float32Array,
    workspace: Int32Array,
) -> None:
    """Fill (v, s, s) areas, see :func:`pyclnf.experts.area_of_interest.sample_areas`.

    `pixels` have a border of two zeros; a and -b are the similarity's first row; `workspace` is of
    :func:`sample_integers` numbers.
    """

class Experts:
    """The experts of a scale and view with Sigma of a window size, checked for :func:`respond`.

    Parameters
    ----------
    level, window, support : int
    weights : (v, k, 1 + support**2) float32
    alphas : (v, k) float64
    even_odd : (k, window**2) uint8
        Not 0 where a sum is of two chains; windows row by row.
    weight_groups, sigma_groups : (g, 2) int32
        First and last but one of the terms that are summed by themselves.
    sigmas : float32
        If `scalar_sigmas` one per landmark, else each landmark's matrix, transposed, and 128
        numbers beyond.
    scalar_sigmas : bool
    """

    level: int
    count: int
    window: int
    support: int
    neurons: int
    workspace_floats: int

    def __init__(
        self,
        level: int,
        window: int,
        support: int,
        weights: Float32Array,
        alphas: Float64Array,
        even_odd: ByteArray,
        weight_groups: Int32Array,
        sigmas: Float32Array,
        scalar_sigmas: bool,
        sigma_groups: Int32Array,
    ) -> None: ...

def respond(
    experts: Experts, areas: Float32Array, maps: Float32Array, workspace: Float32Array
) -> None:
    """Fill (v, window, window) maps, see :func:`pyclnf.experts.ccnf.response_maps`."""

def sample_and_respond(
    experts: Experts,
    pixels: ByteArray,
    landmarks: Float32Array,
    a: float,
    b: float,
    areas: Float32Array,
    maps: Float32Array,
    floats: Float32Array,
    integers: Int32Array,
) -> None:
    """Do what :func:`sample` and then :func:`respond` do, with their workspaces, at one go."""

class Team:
    """Threads that share work with the one that has it; to be used by one thread at a time.

    Parameters
    ----------
    members : int
        Whoever shares the work among them, too; 2 to 1024.

    Raises
    ------
    RuntimeError
        If the system gives no more threads.
    """

    members: int

    def __init__(self, members: int) -> None: ...

def sample_and_respond_together(
    team: Team,
    experts: Experts,
    pixels: ByteArray,
    landmarks: Float32Array,
    a: float,
    b: float,
    areas: Float32Array,
    maps: Float32Array,
    floats: Float32Array,
    integers: Int32Array,
) -> None:
    """Do what :func:`sample_and_respond` does, landmarks shared out.

    Workspaces have a row for each member, which begins with a cache line.
    """

class Convolution:
    """A convolutional layer for maps of one size, checked for :func:`convolve`.

    Parameters
    ----------
    level : int
    places : (terms - 1,) int32
        Where a window's pixels lie in the maps, from its first one on.
    weights : (terms, m) float32
        Biases last.
    groups : (g, 2) int32
        First and last but one of the terms that are summed by themselves.
    even_odd : (s, 2) int32
        Window and kernel of the sums that are of two chains.
    windows : int
        At one place of the maps after another, those across the end of a row included.

    Attributes
    ----------
    pitch : int
        Windows, in whole vectors.
    map_floats : int
        Numbers that the maps must have.
    """

    level: int
    pitch: int
    map_floats: int

    def __init__(
        self,
        level: int,
        places: Int32Array,
        weights: Float32Array,
        groups: Int32Array,
        even_odd: Int32Array,
        windows: int,
    ) -> None: ...

def convolve(convolution: Convolution, maps: Float32Array, outputs: Float32Array) -> None:
    """Fill (m, pitch) sums, see :func:`pyclnf.validation.convolution.in_reference_order`."""

def multiply(
    level: int,
    left: Float32Array,
    right: Float32Array,
    even_odd: ByteArray,
    groups: Int32Array,
    product: Float32Array,
) -> None:
    """Fill an (r, c) product of (r, k) and (k, c) matrices, c a multiple of 16.

    See :func:`pyclnf.arithmetic.product_order.ordered_product`; `even_odd`, (r, c) uint8, is not 0
    where a sum is of two chains; `groups`, (g, 2) int32, are the terms summed by themselves.
    """
