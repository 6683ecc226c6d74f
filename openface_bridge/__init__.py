"""The reference beside the candidate: traces of OpenFace's fits, and how pyclnf's compare."""
