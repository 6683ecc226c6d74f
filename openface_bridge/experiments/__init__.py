"""Questions to both engines that a comparison of whole fits does not ask."""
