"""The step `child`."""
