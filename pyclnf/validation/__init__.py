"""Judging whether landmarks lie on a face: OpenFace's validator."""

from pyclnf.validation.validator import SUCCESS_BOUNDARY, Validator

__all__ = ["SUCCESS_BOUNDARY", "Validator"]
