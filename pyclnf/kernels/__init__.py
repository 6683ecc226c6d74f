"""Compiled kernels; :mod:`pyclnf.backends.cython_backend` is what uses them."""
