"""OpenFace C++, as its user built it.

Arrays are float32 and C-contiguous, and copies. n landmarks, m modes, p parts' landmarks. Points
are (n, 2): x, y in px, (0, 0) the centre of the top left pixel. ``params_global`` is (6,): scale,
rx, ry, rz (radians), tx, ty (px); ``params_local`` is (m,). An ``image`` is uint8, (H, W) or
(H, W, 3) in blue, green, red order. A ``box`` is (4,): x, y, width, height in px.

Arguments of another dtype, shape or layout, or not finite where numbers are expected, raise a
ValueError that names them. The GIL is released while OpenFace works. A model may be used from
several threads; its calls wait for each other.
"""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
UInt8 = npt.NDArray[np.uint8]
Bool = npt.NDArray[np.bool_]

class OpenFaceError(RuntimeError):
    """A cv::Exception that OpenFace did not catch."""

class System(TypedDict):
    """What the process computes with."""

    openface: str
    opencv: str
    blas: str
    blas_kernel: str
    blas_threads: int
    opencv_threads: int

class PartOutcome(TypedDict):
    """How a fit of a part ended."""

    landmarks: Float32  # (p, 2)
    params_global: Float32
    params_local: Float32
    likelihood: float

class Outcome(TypedDict):
    """How a fit ended."""

    landmarks: Float32  # (n, 2)
    params_global: Float32
    params_local: Float32
    likelihood: float
    success: bool
    certainty: float
    view: int
    parts: dict[str, PartOutcome]

def system() -> System:
    """Return versions, the BLAS kernel and numbers of threads."""

class Settings:
    """What a fit may be told; defaults are OpenFace's for still pictures, without parts."""

    def __init__(
        self,
        *,
        window_sizes: Sequence[int] = [11, 9, 7, 5],
        window_sizes_small: Sequence[int] = [0, 9, 7, 0],
        sigma: float = 1.5,
        reg_factor: float = 25.0,
        weight_factor: float = 0.0,
        max_iterations: int = 5,
        multi_view: bool = False,
        refine_parts: bool = False,
        validate: bool = False,
        use_face_template: bool = False,
    ) -> None: ...
    @property
    def window_sizes(self) -> list[int]: ...
    @property
    def window_sizes_small(self) -> list[int]:
        """Of a tracked face after a success."""
    @property
    def sigma(self) -> float: ...
    @property
    def reg_factor(self) -> float: ...
    @property
    def weight_factor(self) -> float: ...
    @property
    def max_iterations(self) -> int: ...
    @property
    def multi_view(self) -> bool:
        """Try eleven rotation hypotheses and keep the likeliest."""
    @property
    def refine_parts(self) -> bool: ...
    @property
    def validate(self) -> bool: ...
    @property
    def use_face_template(self) -> bool: ...

class Plan:
    """What one scale is fitted with."""

    def __init__(self, *, sigma: float, reg_factor: float, weight_factor: float) -> None: ...
    @property
    def sigma(self) -> float: ...
    @property
    def reg_factor(self) -> float: ...
    @property
    def weight_factor(self) -> float: ...

class Responses:
    """What a scale learns from the picture; w is the window size, s the side of its areas."""

    def __init__(
        self,
        model: Model,
        *,
        scale: int,
        view: int,
        base_shape: Float32,
        image_to_reference: Float32,
        reference_to_image: Float32,
        response_maps: Float32,
    ) -> None:
        """Make one from parts: base shape (n, 2), similarities (2, 2), maps (n, w, w)."""
    @property
    def scale(self) -> int: ...
    @property
    def view(self) -> int: ...
    @property
    def window_size(self) -> int: ...
    @property
    def image_to_reference(self) -> Float32:
        """(2, 2)."""
    @property
    def reference_to_image(self) -> Float32:
        """(2, 2)."""
    @property
    def base_shape(self) -> Float32:
        """(n, 2) px."""
    @property
    def areas_of_interest(self) -> Float32:
        """(n, s, s) grey values; 0 for invisible landmarks; (0, 0, 0) if made from parts."""
    @property
    def response_maps(self) -> Float32:
        """(n, w, w); 0 for invisible landmarks."""

class Iteration:
    """One iteration; c is 6 in a rigid phase, 6 + m in a non-rigid one."""

    @property
    def shape(self) -> Float32:
        """(n, 2) px, before the iteration."""
    @property
    def offsets(self) -> Float32:
        """(n, 2) map px."""
    @property
    def mean_shift(self) -> Float32:
        """(n, 2) map px."""
    @property
    def jacobian(self) -> Float32:
        """(2n, c), rows of invisible landmarks included."""
    @property
    def hessian(self) -> Float32:
        """(c, c)."""
    @property
    def right_hand_side(self) -> Float32:
        """(c,)."""
    @property
    def change(self) -> Float32:
        """(c,), the normal equations' solution."""
    @property
    def params_global_out(self) -> Float32: ...
    @property
    def params_local_out(self) -> Float32: ...
    @property
    def likelihood(self) -> float:
        """Of the shape before the iteration."""

class Model:
    """A loaded model. Calls from several threads wait for each other."""

    def __init__(self, path: str) -> None:
        """Check all files of a ``main_*.txt``, then let OpenFace read them.

        Raises pyclnf's ModelFileError. What OpenFace prints goes to the logger
        ``openface_bridge.openface``.
        """
    @property
    def n_landmarks(self) -> int: ...
    @property
    def n_modes(self) -> int: ...
    @property
    def n_scales(self) -> int: ...
    @property
    def patch_scales(self) -> list[float]: ...
    @property
    def parts(self) -> list[str]: ...
    @property
    def has_validator(self) -> bool: ...
    def part(self, name: str) -> Model:
        """Return a copy of a part's model."""
    def settings_of_part(self, name: str) -> Settings:
        """Return what OpenFace fits a part with."""
    def reset(self) -> None:
        """Forget all earlier fits: parameters, parts, and kernel tables (which OpenFace keeps)."""

    # ---- Point distribution model ----
    @property
    def mean_shape(self) -> Float32:
        """(3, n)."""
    @property
    def components(self) -> Float32:
        """(3n, m)."""
    @property
    def eigenvalues(self) -> Float32:
        """(m,)."""
    def shape_3d(self, params_local: Float32) -> Float32:
        """Return (3, n)."""
    def shape_2d(self, params_global: Float32, params_local: Float32) -> Float32:
        """Return (n, 2) px."""
    def jacobian(self, params_global: Float32, params_local: Float32, *, rigid: bool) -> Float32:
        """Return (2n, 6) or (2n, 6 + m)."""
    def updated(
        self, params_global: Float32, params_local: Float32, change: Float32
    ) -> tuple[Float32, Float32]:
        """Apply a change of 6 or 6 + m parameters; not clamped."""
    def clamped(self, params_local: Float32) -> Float32:
        """Limit to three standard deviations."""
    def parameters_from_box(
        self, box: Float32, rotation: Float32 = ..., params_local: Float32 | None = None
    ) -> Float32:
        """Return global parameters; rotation (3,) radians, local parameters 0 by default."""
    def parameters_from_landmarks(
        self, landmarks: Float32, rotation: Float32 = ...
    ) -> tuple[Float32, Float32]:
        """Return the parameters that fit (n, 2) landmarks; those with x = 0 count as invisible."""
    def bounding_box(self, params_global: Float32, params_local: Float32) -> Float32:
        """Return (4,)."""
    def shape_change(self, before: Float32, after: Float32) -> float:
        """Return the Euclidean norm over all coordinates of two (n, 2) shapes' difference."""

    # ---- Patch experts ----
    def view_centers(self, scale: int) -> Float64:
        """Return (v, 3) float64, radians."""
    def visibility(self, scale: int, view: int) -> Bool:
        """Return (n,) bool."""
    def view_index(self, params_global: Float32, scale: int) -> int: ...
    def similarity(
        self, params_global: Float32, params_local: Float32, scale: int
    ) -> tuple[Float32, Float32]:
        """Return (2, 2) from image to reference frame, and (2, 2) back."""
    def responses(
        self,
        image: UInt8,
        params_global: Float32,
        params_local: Float32,
        window_size: int,
        scale: int,
    ) -> Responses: ...

    # ---- Mean shift, iterations, phases ----
    def map_offsets(self, responses: Responses, shape: Float32) -> Float32:
        """Return where an (n, 2) shape lies in the response maps: (n, 2) map px."""
    def mean_shift(
        self, response_maps: Float32, offsets: Float32, *, sigma: float, scale: int, view: int
    ) -> Float32:
        """Return (n, 2) map px for maps (n, w, w), offsets (n, 2); its kernel table is its own."""
    def plan(self, settings: Settings, scale: int) -> Plan:
        """Adapt settings to a scale."""
    def iterate(
        self,
        responses: Responses,
        plan: Plan,
        params_global: Float32,
        params_local: Float32,
        *,
        rigid: bool,
    ) -> Iteration:
        """Do one iteration. The kernel table of a window size is kept until :meth:`reset`."""
    def phase(
        self,
        responses: Responses,
        plan: Plan,
        params_global: Float32,
        params_local: Float32,
        *,
        rigid: bool,
        max_iterations: int,
    ) -> tuple[Float32, Float32, float]:
        """Run a phase: global and local parameters, likelihood."""

    # ---- Whole fits; each starts from a reset model ----
    def fit(
        self, image: UInt8, box: Float32, settings: Settings, rotation: Float32 = ...
    ) -> Outcome:
        """Fit from a box and one rotation hypothesis, (3,) radians."""
    def fit_in_image(self, image: UInt8, box: Float32, settings: Settings) -> Outcome:
        """Fit as OpenFace's programs for still pictures do, with ``settings.multi_view``."""
    def validate(self, image: UInt8, rotation: Float32, landmarks: Float32) -> float:
        """Return the validator's certainty, 0 to 1, about (n, 2) landmarks."""
    def validator_view(self, rotation: Float32) -> int:
        """Return the validator's view of a rotation, (3,) radians."""
    def validator_warp(self, image: UInt8, view: int, landmarks: Float32) -> Float32:
        """Return the face that (n, 2) landmarks bound, warped to a view's shape: (h, w)."""
    def validator_layer(self, view: int, layer: int, maps: Float32) -> Float32:
        """Return what one layer of a view's network makes of maps, (k, h, w).

        Numbers behind the first fully connected layer are (1, k, 1), behind the second (1, 1, k).
        """
    def follow_template(
        self, before: UInt8, image: UInt8, params_global: Float32, params_local: Float32
    ) -> Float32:
        """Return (6,) global parameters moved to where the face of the picture before is now.

        With OpenFace's default scale of templates. The face must be within both pictures.
        """
    def head_pose(
        self,
        params_global: Float32,
        params_local: Float32,
        landmarks: Float32,
        fx: float,
        fy: float,
        cx: float,
        cy: float,
        *,
        towards_camera: bool = False,
    ) -> Float32:
        """Return (6,): translation in mm, Euler angles in radians."""
    def landmarks_3d(
        self,
        params_global: Float32,
        params_local: Float32,
        landmarks: Float32,
        fx: float,
        fy: float,
        cx: float,
        cy: float,
    ) -> Float32:
        """Return (n, 3) mm in the camera's space."""

class ImageFitter:
    """Face after face as OpenFace's own program for still pictures fits them, at its speed.

    Its model is its own and never reset: kernel tables, which OpenFace makes in the first fit,
    serve all others. The outcomes are :meth:`Model.fit_in_image`'s, but for the likelihood of a fit
    that ends before it has one: OpenFace leaves the last one standing.
    """

    def __init__(self, model: str, settings: Settings) -> None: ...
    def fit(self, image: UInt8, box: Float32) -> Outcome: ...

class Tracker:
    """A face followed over frames, with a model of its own."""

    def __init__(self, model: str, detector: str, settings: Settings) -> None: ...
    def track(self, image: UInt8, box: Float32 | None = None) -> Outcome:
        """Take the next frame, (H, W, 3), and where the face is in it, if that is known."""

class FaceDetector:
    """OpenFace's MTCNN detector."""

    def __init__(self, path: str) -> None:
        """Check and read ``MTCNN_detector.txt`` and the networks it names."""
    def detect(self, image: UInt8) -> tuple[Float32, Float32]:
        """Return boxes (k, 4) and confidences (k,); none in pictures below 60 px."""
    def look(self, network: int, image: Float32) -> Float32:
        """Return what one network makes of a scaled, normalised picture, (h, w, 3): (k, h', w').

        Networks: 0 proposes (at least 12 px), 1 refines (24 px), 2 decides (48 px).
        """

def suppressed(
    boxes: Float32, scores: Float32, most: float, *, of_smaller: bool
) -> npt.NDArray[np.int32]:
    """Return the indices of the (k, 4) boxes that stay, the best ones first."""

def corrected(boxes: Float32, corrections: Float32, *, inclusive: bool) -> Float32:
    """Return (k, 4) boxes moved by (k, 4) corrections in parts of their sides."""

def squared(boxes: Float32) -> Float32:
    """Return (k, 4) boxes as squares of whole px."""
