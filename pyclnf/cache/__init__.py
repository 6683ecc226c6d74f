"""The optional cache on disk of what preparing a model costs: Sigma matrices.

A file's name is a checksum of everything its content is computed from, so there is nothing to
invalidate: another model, version or way of adding has other names. Files are written whole under
another name and then renamed, and checked when read; what is not as it should be is computed anew.
"""

from pyclnf.cache.array_cache import ArrayCache, CacheWarning
from pyclnf.cache.folder import cache_folder

__all__ = ["ArrayCache", "CacheWarning", "cache_folder"]
