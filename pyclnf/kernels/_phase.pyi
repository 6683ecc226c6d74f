from pyclnf.typing import AnyArray, ByteArray, Float32Array

class Phases:
    @property
    def level(self) -> int: ...
    @property
    def landmarks(self) -> int: ...
    @property
    def modes(self) -> int: ...
    def __init__(
        self, level: int, mean_shape: Float32Array, components: Float32Array, limits: Float32Array
    ) -> None: ...
    def run(
        self,
        rigid: bool,
        max_iterations: int,
        maps: Float32Array,
        visible: ByteArray,
        base: Float32Array,
        to_reference: Float32Array,
        to_image: Float32Array,
        kernels: Float32Array,
        prior: Float32Array,
        weights: Float32Array | None,
        state: tuple[Float32Array, ...],
        offsets: Float32Array,
        record: tuple[Float32Array, ...] | None,
    ) -> tuple[int, bool, bool]: ...
    def pose(self, state: tuple[Float32Array, ...]) -> None: ...
    def descend(
        self, landmarks: Float32Array, prior: Float32Array, state: tuple[Float32Array, ...]
    ) -> int: ...

def log_likelihood(
    level: int, maps: Float32Array, visible: ByteArray, offsets: Float32Array, sigma: float
) -> float: ...
def fill_kernels(level: int, window: int, sigma: float, kernels: Float32Array) -> None: ...
def step(level: int, name: str, arrays: tuple[AnyArray, ...]) -> None: ...
