"""The switches of torch that decide whether a figure comes out the same twice; all are put back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.utils import deterministic

from nasflow.base.seeds import derive
from nasflow.base.settings import CUBLAS_WORKSPACE, temporarily

_deterministic: Any = deterministic
"""mypy does not see the property that stands in for this module."""

_REPEATABLE = ":4096:8"
"""Without such a workspace cuBLAS refuses to be deterministic."""


@contextmanager
def reproducible(device: torch.device) -> Iterator[None]:
    """Deterministic algorithms only, and float32 as it is written."""
    before = torch.are_deterministic_algorithms_enabled()
    warned = torch.is_deterministic_algorithms_warn_only_enabled()
    filled = _deterministic.fill_uninitialized_memory
    # On a GPU a few backward passes (max pooling) have no deterministic form: there a warning has to do.
    torch.use_deterministic_algorithms(True, warn_only=device.type != "cpu")
    # Nothing here reads memory before writing it, and filling it first costs time.
    _deterministic.fill_uninitialized_memory = False
    try:
        with temporarily({CUBLAS_WORKSPACE: CUBLAS_WORKSPACE.get() or _REPEATABLE}), exact_float32():
            yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warned)
        _deterministic.fill_uninitialized_memory = filled


@contextmanager
def exact_float32() -> Iterator[None]:
    """No TensorFloat-32: cuDNN rounds to 10 bits of mantissa by default, too few for a receipt of 1e-6."""
    convolutions = torch.backends.cudnn.allow_tf32
    products = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = convolutions
        torch.backends.cuda.matmul.allow_tf32 = products


def generator(*parts: int | str) -> torch.Generator:
    """A generator on the CPU, seeded by `derive`: every device then sees the same draws."""
    return torch.Generator().manual_seed(derive(*parts))


def seed_torch(device: torch.device, seed: int) -> None:
    """Seed torch's own generator: that of the CPU alone where nothing else is used.

    `torch.manual_seed` asks every kind of device, which takes as long as some layers of a small network.
    """
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)
