"""DropPath (Larsson et al., ICLR 2017), scheduled (Zoph et al., CVPR 2018): sums lose branches by chance.

It is put on from outside, as forward hooks for the time of a `with` block: the network, its weights' names
and its evaluation know nothing of it.
"""

from collections.abc import Iterator
from types import TracebackType
from typing import Self

import torch
from torch import Generator, Tensor, nn
from torch.utils.hooks import RemovableHandle

from nasflow.networks.cell import NodeModule
from nasflow.spec.tree import Merge
from nasflow.training.team import Share


class DropPath:
    """Every branch of every sum in a network's cells; nothing is dropped before `draw` says so."""

    def __init__(self, network: nn.Module) -> None:
        self._branches = list(_summed(network))
        self._probability = 0.0
        self._draws: Generator | None = None
        self._share: Share | None = None
        self._handles: list[RemovableHandle] = []

    def draw(self, probability: float, draws: Generator, share: Share | None = None) -> None:
        """Drop each branch for each image with this probability from now on, by these draws (on the CPU).

        The network will see a `share` of the batch that the draws are for, or all of it.
        """
        self._probability, self._draws, self._share = probability, draws, share
        # Not before: each hook costs time, whether it drops something or not.
        if probability and not self._handles:
            self._handles = [branch.register_forward_hook(self._drop) for branch in self._branches]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for handle in self._handles:
            handle.remove()

    def _drop(self, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        """What is left is scaled, so that the expected sum stays the same."""
        if not module.training or not self._probability:
            return output
        share = self._share or Share.whole(len(output))
        kept = torch.rand(share.images, generator=self._draws)[share.rows] >= self._probability
        scale = kept.to(output) / (1 - self._probability)
        return output * scale[:, None, None, None]


def _summed(network: nn.Module) -> Iterator[nn.Module]:
    for module in network.modules():
        if isinstance(module, NodeModule) and module.merge is Merge.ADD:
            yield from module.branches
