"""What a controller is: it proposes networks of a space, and learns from what they were worth.

A controller holds no state of its own between calls. What it has learned is bytes that the caller keeps;
sampled decisions are stored as numbers, and learning replays them. So proposing and learning can happen in
different processes, and a state can be rebuilt from the ledger. It knows questions and answers, parents and
scores: what a network is made of is the space's and the encoder's to know.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from nasflow.base.errors import InvalidSpec
from nasflow.search.spaces import Space
from nasflow.spec.network import NetworkSpec


def no_excess(network: NetworkSpec) -> float:
    """The `excess` of a request that refuses nothing."""
    return 0.0


@dataclass(frozen=True)
class Parent:
    """A trained record that children may grow from."""

    id: str
    network: NetworkSpec
    score: float
    """The higher, the better."""


@dataclass(frozen=True)
class Request:
    """What is asked of `propose`."""

    space: Space
    start: NetworkSpec
    """From which every episode asks."""
    seed: int
    """Of this round's draws; the same request and state give the same draws."""
    count: int
    """Children wanted."""
    taken: frozenset[str] = frozenset()
    """Names of the networks that must not be proposed; the start's is not implied."""
    excess: Callable[[NetworkSpec], float] = no_excess
    """How far a network (in canonical order) is from what can be had: 0.0, it fits; inf, it cannot be had; in
    between, by how much it breaks limits. What does not fit is never proposed.
    """
    parents: tuple[Parent, ...] = ()
    """Records that children may inherit from, where that is left to the controller; none: it is not."""


@dataclass(frozen=True)
class Draw:
    """One child that a controller proposes."""

    decisions: tuple[int, ...]
    """The answers of its episode."""
    network: NetworkSpec
    tries: int
    """Episodes drawn, or changed, until this one was new and fitted."""
    parent: str | None = None
    """Id of the record that it is to grow from; None: the controller has no wish."""


@dataclass(frozen=True)
class Lesson:
    """One child of a controller, and what became of it."""

    decisions: tuple[int, ...]
    tries: int
    reward: float | None
    """The higher, the better; None: it failed."""

    def __post_init__(self) -> None:
        if self.reward is not None and not math.isfinite(self.reward):
            raise InvalidSpec(f"a reward is {self.reward}: give None for a child that failed")


@dataclass(frozen=True)
class Results:
    """One round's children and what became of them."""

    space: Space
    start: NetworkSpec
    seed: int
    """Of this round; for controllers whose learning draws numbers."""
    lessons: tuple[Lesson, ...]


class Controller(Protocol):
    """Who proposes. Every implementation passes the contract suite in tests/controllers."""

    def propose(self, state: bytes | None, request: Request) -> list[Draw]:
        """`request.count` draws whose networks are new, distinct from each other, and fit.

        Fewer, perhaps none, only when the space is exhausted. `state` None is the initial one. Raise
        InvalidSpec for bytes that are no state of this controller.
        """
        ...

    def learn(self, state: bytes | None, results: Results) -> tuple[bytes | None, dict[str, float]]:
        """The state after learning from a round, and finite figures to watch.

        Results without lessons leave the state as it is. Raise InvalidSpec for broken decisions and for bytes
        that are no state of this controller.
        """
        ...
