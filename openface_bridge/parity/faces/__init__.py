"""Whole faces compared: head poses, parts, certainty, templates and detections."""
