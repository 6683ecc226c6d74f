"""Models on a user's machine: where they are kept, how they come there, whether they are intact.

Nothing is imported here, so that ``import pyclnf`` stays quick: :mod:`~pyclnf.store.folders` finds
models, :mod:`~pyclnf.store.install` copies them from an OpenFace, :mod:`~pyclnf.store.download`
fetches the official ones, :mod:`~pyclnf.store.inspection` reads every file of one.
"""
