"""The step `search`."""
