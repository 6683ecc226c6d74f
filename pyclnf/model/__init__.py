"""Readers of OpenFace's model files, one per kind of file.

Every reader returns plain frozen data or raises `ModelFileError`, whatever the file holds.
"""

from pyclnf.model.ccnf_file import CCNFPatchExperts, read_ccnf
from pyclnf.model.ccnf_records import CCNFExpert
from pyclnf.model.cen_file import CENExpert, CENLayer, CENPatchExperts, read_cen
from pyclnf.model.early_termination_file import EarlyTermination, read_early_termination
from pyclnf.model.errors import ModelFileError
from pyclnf.model.face_detector_file import FaceDetectorData, read_face_detector
from pyclnf.model.manifest import DetectorFiles, Manifest, PartFiles, read_manifest
from pyclnf.model.pdm_file import PointDistributionModelData, read_pdm
from pyclnf.model.svr_file import SVRExpert, SVRModality, SVRPatchExperts, read_svr
from pyclnf.model.validator_file import ValidatorData, read_validator

__all__ = [
    "CCNFExpert",
    "CCNFPatchExperts",
    "CENExpert",
    "CENLayer",
    "CENPatchExperts",
    "DetectorFiles",
    "EarlyTermination",
    "FaceDetectorData",
    "Manifest",
    "ModelFileError",
    "PartFiles",
    "PointDistributionModelData",
    "SVRExpert",
    "SVRModality",
    "SVRPatchExperts",
    "ValidatorData",
    "read_ccnf",
    "read_cen",
    "read_early_termination",
    "read_face_detector",
    "read_manifest",
    "read_pdm",
    "read_svr",
    "read_validator",
]
