"""Recordings of live fits: trace files, noise floors, and where they come from."""
