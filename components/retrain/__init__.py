"""The step `retrain`."""
