"""Backends: where the work of a fit is done.

=============  =======================================================
`base`         what a backend does
`entry`        what is known about one before it is loaded
`registry`     which there are, and the order in which ``auto`` takes them
`choice`       choosing one by its name
`*_entry`      one each, imports nothing heavy
`*_backend`    the backends themselves
=============  =======================================================
"""

from pyclnf.backends.choice import (
    AUTO,
    BackendUnavailableError,
    auto_order,
    available_backends,
    backend_names,
    choose_backend,
    choose_networks,
    create_backend,
    is_available,
    is_exact,
    maps_within,
)

__all__ = [
    "AUTO",
    "BackendUnavailableError",
    "auto_order",
    "available_backends",
    "backend_names",
    "choose_backend",
    "choose_networks",
    "create_backend",
    "is_available",
    "is_exact",
    "maps_within",
]
