"""Readers of OpenFace's model files, one per kind of file.

Every reader returns plain frozen data or raises `ModelFileError`, whatever the file holds.
"""

from pyclnf.model.ccnf_file import CCNFPatchExperts, read_ccnf
from pyclnf.model.ccnf_records import CCNFExpert
from pyclnf.model.errors import ModelFileError
from pyclnf.model.face_detector_file import FaceDetectorData, read_face_detector
from pyclnf.model.manifest import DetectorFiles, Manifest, PartFiles, read_manifest
from pyclnf.model.pdm_file import PointDistributionModelData, read_pdm
from pyclnf.model.validator_file import ValidatorData, read_validator

__all__ = [
    "CCNFExpert",
    "CCNFPatchExperts",
    "DetectorFiles",
    "FaceDetectorData",
    "Manifest",
    "ModelFileError",
    "PartFiles",
    "PointDistributionModelData",
    "ValidatorData",
    "read_ccnf",
    "read_face_detector",
    "read_manifest",
    "read_pdm",
    "read_validator",
]
