"""A policy's parameters: what they are called, and their initial values."""

from collections.abc import Mapping

import torch
from torch import Tensor

Parameters = Mapping[str, Tensor]
"""By name. That of a layer's weights [inputs, outputs] ends in `.weight`, that of its biases [outputs] in
`.bias`; all others are vectors [rows, width] that stand for things.
"""
Shapes = dict[str, tuple[int, ...]]

PRECISION = torch.float32
"""Of all arithmetic and of what is stored: float64 takes twice as long. One thread keeps the sums in their
order; another kind of processor may add in another one, as it does when it trains the children."""
SMALL = 0.1
"""Initial weights of a head's last layer, as a share of the others': the first round is nearly uniform."""


def layer_shapes(name: str, inputs: int, outputs: int) -> Shapes:
    """Of a linear layer's parameters."""
    return {f"{name}.weight": (inputs, outputs), f"{name}.bias": (outputs,)}


def layer(parameters: Parameters, name: str, inputs: Tensor) -> Tensor:
    """[rows, outputs] of a linear layer, from `inputs` [rows, inputs]."""
    return torch.addmm(parameters[f"{name}.bias"], inputs, parameters[f"{name}.weight"])


def initial_parameters(shapes: Shapes, seed: int) -> dict[str, Tensor]:
    """Weights uniform within 1 / sqrt(inputs), vectors within 1, biases 0, a function of `seed` alone."""
    generator = torch.Generator().manual_seed(seed)
    found = {}
    for name, shape in shapes.items():
        bound = _bound(name, shape)
        found[name] = torch.rand(shape, generator=generator, dtype=PRECISION) * (2 * bound) - bound
    return found


def _bound(name: str, shape: tuple[int, ...]) -> float:
    if name.endswith(".bias"):
        return 0.0
    if not name.endswith(".weight"):
        # Read beside the much wider state of what is around: smaller ones would hardly be seen.
        return 1.0
    return float(shape[0] ** -0.5) * (SMALL if ".last." in name else 1.0)
