"""Judging whether landmarks lie on a face: OpenFace's validator."""
