"""Files of results: OpenFace's CSV, ``.pts``, JSON, boxes, and pictures with faces drawn on them.

Every format writes :class:`pyclnf.pipeline.face.FaceResult` and knows nothing of how it came about.
"""
