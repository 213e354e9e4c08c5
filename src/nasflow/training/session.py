"""What a training is, from its first epoch to its last: put together by whoever asks for one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import nn

from nasflow.spec.recipe import Recipe
from nasflow.training.batches import count_batches
from nasflow.training.datasets.data import TrainingData
from nasflow.training.distil import Teachers
from nasflow.training.state import TrainingState
from nasflow.training.team import ALONE, Team


class Openable(Protocol):
    """The gates behind which new operations were born (docs/architecture.md, on preserving the function).

    The network's names are the same with them and without, because a state is kept of either.
    """

    def open(self, share: float) -> None:
        """Stand open by `share`: 0 shut; 1 open and removed, the parameters staying the same objects.

        Called before each step with shares that never fall, with 1 once and last, within the first
        epoch; at once with 1 if a training goes on from a checkpoint.
        """


@dataclass(frozen=True)
class Watch:
    """Who is told how a training comes on."""

    keep: Callable[[TrainingState], None] = lambda state: None
    """Called with each state that is to be stored: after each epoch, and in its middle where that is due."""
    beat: Callable[[int, int, int], None] = lambda epoch, batch, batches: None
    """Called after each step with the epoch, the batch and the batches of the epoch, all from 1."""
    is_due: Callable[[], bool] = lambda: False
    """Asked now and then in the middle of an epoch: whether the state there is to be stored."""


UNWATCHED = Watch()
"""Nobody is told."""


@dataclass(frozen=True, eq=False)
class Training:
    """A network and how it is trained; every process of a team has the same network, data and seed."""

    network: nn.Module
    data: TrainingData
    recipe: Recipe
    seed: int
    device: torch.device | str = "cpu"
    gates: Openable | None = None
    teachers: Teachers | None = None
    """Whom the network learns from besides the labels; None: from nobody."""
    watch: Watch = UNWATCHED
    team: Team = ALONE

    @property
    def batches(self) -> int:
        """Steps of an epoch."""
        return count_batches(len(self.data.train), self.recipe.batch_size)
