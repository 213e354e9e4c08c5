"""One function a pipeline step: read state, call the maths, write state; twice is the same as once."""
