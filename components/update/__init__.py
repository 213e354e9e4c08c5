"""The step `update`."""
