"""Response maps of CCNF patch experts as Core ML programs: one for each scale, view, window size.

Programs are made on any machine, by :func:`pyclnf.coreml.conversion.convert_model` or when a fit
needs them, and evaluated on macOS. Only making and loading them imports coremltools.
"""
