"""Comparing two engines: teacher forced, free running, against the reference's noise floor."""
