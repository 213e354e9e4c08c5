"""The step `register-and-report`."""
