"""The policy's parameters: which tensors there are, and their initial values."""

from collections.abc import Mapping

import torch
from torch import Tensor

from nasflow.controllers.tree.table import ROOT, Kind
from nasflow.search.controller import Policy
from nasflow.search.spaces import Space

Parameters = Mapping[str, Tensor]
"""By the names of `shapes`."""

PRECISION = torch.float32
"""Of all arithmetic and of what is stored: float64 takes twice as long. One thread keeps the sums in their
order; another kind of processor may add in another one, as it does when it trains the children."""
SMALL = 0.1
"""Initial weights of a head's last layer, as a share of the others': the first round is nearly uniform."""


def shapes(spec: Policy, space: Space) -> dict[str, tuple[int, ...]]:
    """Every parameter with its shape: weights are [inputs, outputs].

    The outputs of a tree-LSTM unit are 3 gates (write, read, content) and another for each branch, those of
    an LSTM are 4 (write, forget, read, content), its inputs are what it reads and the hidden state before.
    """
    embedding, hidden = spec.embedding, spec.hidden
    found: dict[str, tuple[int, ...]] = {"operations": (ROOT + 1, embedding)}
    found |= _layer("edge.up", embedding + hidden, 4 * hidden)
    for kind in Kind:
        found |= _layer(f"{kind.name.lower()}.up.gates", hidden, 3 * hidden)
        found |= _layer(f"{kind.name.lower()}.up.forget", hidden, hidden)
        found |= _layer(f"{kind.name.lower()}.down", 2 * hidden, 4 * hidden)
    middle = max(1, round(spec.head_width * 2 * hidden))
    for head, options in space.heads().items():
        found |= _layer(f"{head}.hidden", 2 * hidden, middle)
        found |= _layer(f"{head}.last", middle, options)
    return found


def _layer(name: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (inputs, outputs), f"{name}.bias": (outputs,)}


def initial_parameters(spec: Policy, space: Space, seed: int) -> dict[str, Tensor]:
    """Weights uniform within 1 / sqrt(inputs), operations within 1, biases 0, a function of `seed` alone."""
    generator = torch.Generator().manual_seed(seed)
    found = {}
    for name, shape in shapes(spec, space).items():
        bound = _bound(name, shape)
        found[name] = torch.rand(shape, generator=generator, dtype=PRECISION) * (2 * bound) - bound
    return found


def _bound(name: str, shape: tuple[int, ...]) -> float:
    if name.endswith(".bias"):
        return 0.0
    if name == "operations":
        # Read beside the much wider state of the node below: a smaller one would hardly be seen.
        return 1.0
    return float(shape[0] ** -0.5) * (SMALL if ".last." in name else 1.0)


def layer(parameters: Parameters, name: str, inputs: Tensor) -> Tensor:
    """[rows, outputs] of a linear layer, from `inputs` [rows, inputs]."""
    return torch.addmm(parameters[f"{name}.bias"], inputs, parameters[f"{name}.weight"])
