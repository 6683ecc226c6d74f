"""Asking OpenFace, step by step: one module per step; each gives entries of a record."""
