"""Faults that ports of the detector have had, to plant into pyclnf one at a time.

For proof that a comparison catches them::

    for fault in FAULTS:
        with planted(fault):
            ...

Each substitutes one function of one stage of the NumPy definition. Nothing in pyclnf knows of
them.
"""

from openface_bridge.parity.faults.fault import Fault, planted
from openface_bridge.parity.faults.table import FACE_FAULTS, FAULTS, OWN_FAULTS

__all__ = ["FACE_FAULTS", "FAULTS", "OWN_FAULTS", "Fault", "planted"]
