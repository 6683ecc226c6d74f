"""What goes wrong with a user's models."""

from __future__ import annotations

__all__ = ["ModelNotFoundError", "StoreError"]


class StoreError(RuntimeError):
    """Models cannot be found, fetched or put in place; says why and what to do."""


class ModelNotFoundError(StoreError, FileNotFoundError):
    """There is no such model on this machine; says how to get one."""
