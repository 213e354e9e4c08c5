"""The step `evaluate-on-test`."""
