"""The step `work`."""
