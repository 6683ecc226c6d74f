"""Phases of NU-RLMS on the compiled kernels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pyclnf import landmark_parameters
from pyclnf.kernels import _phase
from pyclnf.mean_shift import KernelTable
from pyclnf.nu_rlms import Iteration, Phase, PhaseResult
from pyclnf.pdm import RIGID, Parameters, PointDistributionModel, PosedShape
from pyclnf.typing import BoolArray, ByteArray, Float32Array

__all__ = ["CompiledPhases", "kernel_table", "log_likelihood"]

_State = tuple[Float32Array, ...]
"""Global and local parameters, rotation, 3D shape, landmarks; of one or of all iterations."""


_MOST_KEPT = 8
"""Models of some of the landmarks alone."""


class CompiledPhases:
    """What :func:`pyclnf.nu_rlms.run_phase` does, compiled; safe to share between threads.

    Equal in every bit to it with :class:`~pyclnf.arithmetic.reference_order.ReferenceOrder`.

    Parameters
    ----------
    pdm : PointDistributionModel
    level : int
        Of instructions: one of those that the processor has.
    """

    def __init__(self, pdm: PointDistributionModel, level: int) -> None:
        self._pdm, self._level = pdm, level
        self._prior = landmark_parameters.prior(pdm)
        self._of_visible: dict[bytes, CompiledPhases] = {}
        self._phases = _phase.Phases(
            level,
            np.ascontiguousarray(pdm.mean_shape, np.float32),
            np.ascontiguousarray(pdm.components, np.float32),
            np.ascontiguousarray(pdm.limits, np.float32),
        )

    def run(
        self,
        posed: PosedShape,
        phase: Phase,
        on_iteration: Callable[[int, Iteration], None] | None = None,
    ) -> PhaseResult:
        """Iterate until the shape stands still or the iterations are used up.

        Parameters
        ----------
        posed : PosedShape
            Where to start.
        phase : Phase
        on_iteration : callable, optional
            Called with index and :class:`~pyclnf.nu_rlms.Iteration` of each one, after the last.

        Returns
        -------
        PhaseResult
        """
        state = _state(posed)
        offsets = np.empty_like(posed.landmarks)
        record = None if on_iteration is None else self._record(phase)
        iterations, diverged, reshaped = self._phases.run(
            phase.rigid,
            phase.max_iterations,
            phase.response_maps,
            _bytes(phase.visible),
            np.ascontiguousarray(phase.base_landmarks),
            np.ascontiguousarray(phase.image_to_reference),
            np.ascontiguousarray(phase.reference_to_image),
            phase.kernels.kernels,
            phase.prior,
            phase.landmark_weights,
            state,
            offsets,
            record,
        )
        if on_iteration is not None and record is not None:
            for index in range(iterations):
                on_iteration(index, _iteration(record, index))
        if not reshaped:  # the same arrays, so that nobody derives a 3D shape from them anew
            state = (state[0], posed.parameters.local, state[2], posed.shape_3d, state[4])
        return PhaseResult(_posed(state), offsets, diverged)

    def pose(self, parameters: Parameters) -> PosedShape:
        """Do what :meth:`pyclnf.pdm.PointDistributionModel.pose` does, for finite parameters."""
        n = self._phases.landmarks
        shapes = ((3, 3), (3, n), (n, 2))
        rotation, shape_3d, landmarks = (np.empty(shape, np.float32) for shape in shapes)
        # The kernel takes a state, and writes to all of it.
        global_, local = parameters.global_.copy(), parameters.local.copy()
        self._phases.pose((global_, local, rotation, shape_3d, landmarks))
        return PosedShape(parameters, rotation, shape_3d, landmarks)

    def parameters_from_landmarks(self, landmarks: Float32Array) -> Parameters:
        """Do what :func:`pyclnf.landmark_parameters.parameters_from_landmarks` does."""
        seen = landmark_parameters.visible(landmarks)
        if seen.all():
            return self.descend(landmarks)[0]
        return self._with(seen).descend(landmarks[seen])[0]

    def descend(self, landmarks: Float32Array) -> tuple[Parameters, int]:
        """Do what :func:`pyclnf.landmark_parameters.descend` does."""
        state = _state(self.pose(landmark_parameters.start(self._pdm, landmarks)))
        iterations = self._phases.descend(np.ascontiguousarray(landmarks), self._prior, state)
        return Parameters(state[0], state[1]), iterations

    def _with(self, seen: BoolArray) -> CompiledPhases:
        """Return the phases of the visible landmarks' model, kept: a part's are always the same."""
        key = seen.tobytes()
        phases = self._of_visible.get(key)
        if phases is None:
            if len(self._of_visible) >= _MOST_KEPT:
                self._of_visible = {}
            phases = CompiledPhases(self._pdm.of_landmarks(seen), self._level)
            self._of_visible[key] = phases
        return phases

    def _record(self, phase: Phase) -> _State:
        """Return memory for what an observer is told of all iterations."""
        n, m = self._phases.landmarks, self._phases.modes
        c = RIGID if phase.rigid else RIGID + m
        shapes: tuple[tuple[int, ...], ...] = (
            *((RIGID,), (m,), (3, 3), (3, n), (n, 2)),
            *((n, 2), (n, 2), (2 * n, c), (c, c), (c,), (c,)),
            *((RIGID,), (m,)),
        )
        return tuple(np.empty((phase.max_iterations, *shape), np.float32) for shape in shapes)


def kernel_table(level: int, window_size: int, sigma: float) -> KernelTable:
    """Return the table that :meth:`pyclnf.mean_shift.KernelTable.build` does."""
    kernels = np.empty(((10 * window_size) ** 2, window_size**2), np.float32)
    _phase.fill_kernels(level, window_size, sigma, kernels)
    kernels.setflags(write=False)
    return KernelTable(window_size, float(sigma), kernels)


def log_likelihood(
    level: int, response_maps: Float32Array, offsets: Float32Array, sigma: float, visible: BoolArray
) -> float:
    """Return the mean log likelihood, see :func:`pyclnf.likelihood.log_likelihood`."""
    return _phase.log_likelihood(level, response_maps, _bytes(visible), offsets, sigma)


def _bytes(visible: BoolArray) -> ByteArray:
    """Return booleans as the kernels take them."""
    seen: ByteArray = visible.view(np.uint8)
    return seen


def _state(posed: PosedShape) -> _State:
    """Return copies of a shape's arrays."""
    parameters = posed.parameters
    arrays = (parameters.global_, parameters.local, posed.rotation, posed.shape_3d, posed.landmarks)
    return tuple(array.copy() for array in arrays)


def _posed(state: _State) -> PosedShape:
    """Return a shape from its arrays."""
    global_, local, rotation, shape_3d, landmarks = state
    return PosedShape(Parameters(global_, local), rotation, shape_3d, landmarks)


def _iteration(record: _State, index: int) -> Iteration:
    """Return one iteration of a record."""
    arrays = tuple(array[index] for array in record)
    offsets, shifts, jacobian, hessian, right, change, global_, local = arrays[5:]
    parameters = Parameters(global_, local)
    before = _posed(arrays[:5])
    return Iteration(before, offsets, shifts, jacobian, hessian, right, change, parameters)
