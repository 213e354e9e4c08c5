"""The step `advance`."""
