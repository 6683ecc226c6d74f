"""From pictures and videos to faces, one narrow interface between what finds and what writes."""
