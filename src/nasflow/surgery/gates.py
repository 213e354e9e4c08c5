"""How a new operation is born: behind a gate that training opens.

A gate makes the edge compute `x + g * (f(x) - x)`. It is a forward hook, put on from outside for the
time of a `with` block: the network itself, its weights' names and its evaluation know nothing of it.
Shut (g = 0) the edge passes its input on, in train mode too, and f still gathers its statistics.
"""

from collections.abc import Callable, Iterator
from itertools import accumulate
from types import TracebackType
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from nasflow.networks.cell import branch_name
from nasflow.search.record import Birth
from nasflow.spec.channels import shares
from nasflow.surgery.operated import Operated


class Gates:
    """The gates of a network's unopened operations, for the time of a `with` block; shut at first."""

    def __init__(self, operated: Operated) -> None:
        self._edges = _edges(operated)
        self._handles: list[RemovableHandle] = []
        self._share = 0.0

    def open(self, share: float) -> None:
        """0 is shut, 1 is fully open, and then there is no gate any more."""
        self._share = share
        if share >= 1:
            self._remove()

    def __enter__(self) -> Self:
        if self._share < 1:
            self._handles = [edge.register_forward_hook(self._hook(birth)) for edge, birth in self._edges]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def _remove(self) -> None:
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _hook(self, birth: Birth) -> Any:
        def gate(_module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
            passed = _share_of(inputs[0], birth)
            # Shut, the sum is left out: 0 x infinity would be NaN.
            return passed if self._share == 0 else passed + self._share * (output - passed)

        return gate


def _edges(operated: Operated) -> list[tuple[nn.Module, Birth]]:
    """The unopened operations, one a cell that each is in."""
    return [
        (cell.get_submodule(branch_name(birth.path) + ".operation"), birth)
        for birth in operated.births
        for _, cell in operated.cells(birth.place)
    ]


def _share_of(x: Tensor, birth: Birth) -> Tensor:
    """What a shut edge passes on: its input, or its part of it where the operation was cut."""
    if birth.share is None:
        return x
    part, parts = birth.share
    widths = shares(x.shape[1], parts)
    return x.narrow(1, [0, *accumulate(widths)][part], widths[part])


def gated_logits(operated: Operated, logits: Callable[[nn.Module], Tensor]) -> Tensor:
    """What the network says with its gates shut, [images, classes]."""
    with Gates(operated):
        return logits(operated.network)


@torch.no_grad()
def calibrate(operated: Operated, normalised: Tensor) -> None:
    """Set the BatchNorm of each new operation to the identity on `normalised` training images.

    Its statistics become those of its input [batch, channels, height, width], its weight and bias
    undo them. One forward pass in evaluation mode with the gates shut; shut edges do not change the
    function, so this is no part of its preservation.
    """
    network = operated.network
    handles = [
        module.register_forward_pre_hook(_calibrate_norm)
        for module in (*_new_norms(operated), *map(operated.network.get_submodule, operated.fresh))
    ]
    was_training = network.training
    network.eval()
    try:
        with Gates(operated):
            network(normalised)
    finally:
        network.train(was_training)
        for handle in handles:
            handle.remove()


def _new_norms(operated: Operated) -> Iterator[nn.Module]:
    for edge, _ in _edges(operated):
        yield from (module for module in edge.children() if isinstance(module, nn.BatchNorm2d))


def _calibrate_norm(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    variance, average = torch.var_mean(inputs[0], dim=(0, 2, 3))
    norm.running_mean.copy_(average)
    norm.running_var.copy_(variance)
    norm.weight.copy_((variance + norm.eps).sqrt())
    norm.bias.copy_(average)
