"""Who rehearses, and for what reward, by name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from nasflow.search.controller import (
    ControllerSpec,
    EvolutionController,
    PaperController,
    PathController,
    RandomController,
)
from nasflow.search.spaces import PathSpace
from nasflow.studies.rehearsal.result import told_after
from nasflow.studies.rehearsal.rewards import Reward, hash_reward, structured_reward
from nasflow.studies.rehearsal.run import Trial

ARMS: Mapping[str, ControllerSpec] = MappingProxyType(
    {
        "path": PathController(),
        "random": RandomController(),
        "evolution": EvolutionController(),
        "evolution-20": EvolutionController(population=20, tournament=5),
        "paper": PaperController(),
    }
)
"""The policy as it is here, the controls (evolution as published, and for fewer children), and the policy as
it was published."""


def rewards(seed: int) -> Mapping[str, Reward]:
    """The made-up rewards by name; `seed` is the structured one's."""
    return {"hash": hash_reward, "structured": structured_reward(seed)}


class Rewarding(Protocol):
    """What rewards a rehearsal."""

    @property
    def space(self) -> PathSpace | None:
        """In which it searches; None: the paper's."""

    def reward(self, seed: int) -> Reward:
        """What a cell is worth to the search of this seed."""

    def figures(self, trials: Sequence[Trial], seeds: Sequence[int]) -> dict[str, Any]:
        """What is to be said of an arm's searches, besides what they were rewarded with."""


@dataclass(frozen=True)
class Formula:
    """A reward that is made up: the same for every search. A `Rewarding`."""

    made_up: Reward
    space: PathSpace | None = None

    def reward(self, seed: int) -> Reward:
        """See Rewarding."""
        return self.made_up

    def figures(self, trials: Sequence[Trial], seeds: Sequence[int]) -> dict[str, Any]:
        """See Rewarding: the best reward so far, which is all that is known of it."""
        return {"best_so_far": told_after(trials, lambda number, count: max(trials[number].rewards[:count]))}
