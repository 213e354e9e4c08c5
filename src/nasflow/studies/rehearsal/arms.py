"""Who rehearses, and for what reward, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from nasflow.search.controller import (
    ControllerSpec,
    EvolutionController,
    PaperController,
    PathController,
    RandomController,
)
from nasflow.studies.rehearsal.rewards import Reward, hash_reward, structured_reward

ARMS: Mapping[str, ControllerSpec] = MappingProxyType(
    {
        "path": PathController(),
        "random": RandomController(),
        "evolution": EvolutionController(),
        "paper": PaperController(),
    }
)
"""The policy as it is here, the controls, and the policy as it was published."""


def rewards(seed: int) -> Mapping[str, Reward]:
    """The made-up rewards by name; `seed` is the structured one's."""
    return {"hash": hash_reward, "structured": structured_reward(seed)}
