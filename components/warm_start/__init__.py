"""The step `warm-start`."""
