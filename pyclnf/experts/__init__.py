"""Patch experts: where in its neighbourhood a landmark is likely to be."""
