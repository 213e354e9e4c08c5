"""What a controller is: it proposes children, and learns from their rewards.

A controller holds no state of its own between calls. What it has learned is bytes that the caller
keeps; sampled decisions are stored as numbers, and an update replays them. So proposing and
learning can happen in different processes, and a state can be rebuilt from the ledger.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from nasflow.base.errors import InvalidSpec
from nasflow.search.config import Space
from nasflow.search.record import Episode
from nasflow.spec.tree import Tree


def fits_anywhere(tree: Tree) -> bool:
    """The `fits` of a request that refuses no cell."""
    return True


@dataclass(frozen=True)
class Request:
    """What is asked of `propose`."""

    start: Tree
    """The cell of the parent network, from which every child grows."""
    space: Space
    seed: int
    """Of this round's draws; the same request and state give the same episodes."""
    count: int
    """Children wanted."""
    taken: frozenset[str]
    """`str(tree.canonical())` of every cell that must not be proposed; the start cell is not implied."""
    fits: Callable[[Tree], bool] = fits_anywhere
    """Whether the host can hold a cell (given in canonical order): others are never proposed."""


@dataclass(frozen=True)
class Batch:
    """One round's children and what became of them."""

    start: Tree
    space: Space
    seed: int
    """Of this round; for controllers whose learning draws numbers."""
    episodes: tuple[Episode, ...]
    rewards: tuple[float | None, ...]
    """One an episode, None for a failed child."""

    def __post_init__(self) -> None:
        if len(self.episodes) != len(self.rewards):
            raise InvalidSpec(f"{len(self.episodes)} episodes cannot have {len(self.rewards)} rewards")
        for reward in self.rewards:
            if reward is not None and not math.isfinite(reward):
                raise InvalidSpec(f"a reward is {reward}: give None for a child that failed")


class Controller(Protocol):
    """Who proposes. Every implementation passes the contract suite in tests/controllers."""

    def propose(self, state: bytes | None, request: Request) -> list[Episode]:
        """`request.count` episodes whose cells are new, distinct from each other, and fit.

        Fewer, perhaps none, only when the space is exhausted. `state` None is the initial one. Raise
        InvalidSpec for bytes that are no state of this controller.
        """
        ...

    def update(self, state: bytes | None, batch: Batch) -> tuple[bytes | None, dict[str, float]]:
        """The state after learning from a round, and finite figures to watch.

        A batch without episodes to learn from leaves the state as it is. Raise InvalidSpec for
        broken decisions and for bytes that are no state of this controller.
        """
        ...
