"""The step `compare`."""
