"""Where a search begins: a network that it trains itself, or one that somebody has already."""

import re
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from nasflow.base.document import Frozen
from nasflow.spec.recipes import NamedRecipe

PUBLISHED = "published"
"""The weights that torchvision publishes with a network."""

UNTRAINED = "untrained"
"""No weights but those that a network gives itself."""

REGISTRY = "models:/"
"""How the address of a model in MLflow's registry begins."""

_ADDRESS = re.compile(r"torchvision:\w+|models:/[^/@\s]+(/\d+|@[^/@\s]+)|[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


class TrainedStart(Frozen):
    """A network that somebody has already. Some of its convolutions become cells and are grown."""

    network: str
    """`torchvision:resnet18`; `module:factory`, called without arguments; or a network that nasflow has
    registered in MLflow, `models:/NAME@ALIAS` or `models:/NAME/VERSION`, which goes on from its own cell."""
    weights: str | None = Field(default=None, min_length=1)
    """A safetensors file with the network's state dict; `published` (torchvision's own, downloaded: what a
    torchvision network gets if this is absent); `models:/...`, a model in MLflow that has one such file;
    `untrained`. A registered network has its own."""
    cells: str | None = None
    """Which convolutions become cells: a shell pattern for their names, e.g. `layer[34].*.conv?`. Absent: the
    3x3 ones, but for depthwise ones; where the first alone is one, the others that are not depthwise."""
    fresh: str | None = None
    """A shell pattern for the tensors that the weights need not fit, e.g. `fc.*` for a classifier of other
    classes: they keep their random values, so `recipe` must train them."""
    recipe: NamedRecipe | None = None
    """How the network is trained on the search's images before anything grows; absent: not at all."""

    @field_validator("network")
    @classmethod
    def _is_address(cls, network: str) -> str:
        if not _ADDRESS.fullmatch(network):
            raise ValueError("torchvision:NAME, module:factory, models:/NAME@ALIAS or models:/NAME/VERSION")
        return network

    @model_validator(mode="after")
    def _check(self) -> Self:
        given = [name for name in ("weights", "cells", "fresh") if getattr(self, name) is not None]
        if self.network.startswith(REGISTRY) and given:
            raise ValueError(f"{self.network} has its own weights and cells: leave out {', '.join(given)}")
        if self.recipe is None and (self.fresh is not None or self.weights == UNTRAINED):
            raise ValueError("start: fresh or untrained weights need a recipe that trains them")
        return self


class BroughtStart(TrainedStart):
    """The same once its weights are in the store."""

    digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of its weights."""


def _by_address(given: Any) -> Any:
    return {"network": given} if isinstance(given, str) and ":" in given else given


def start_kind(given: Any) -> str:
    """Which of the two a start is: for pydantic."""
    has_network = isinstance(given, TrainedStart) or (isinstance(given, dict) and "network" in given)
    return "network" if has_network else "recipe"


AskedStart = Annotated[
    Annotated[NamedRecipe, Tag("recipe")] | Annotated[TrainedStart, Tag("network")],
    Discriminator(start_kind),
    BeforeValidator(_by_address),
]
"""A recipe (or its name): the start network is trained by it. A network (or its address): it is there."""

ResolvedStart = Annotated[
    Annotated[NamedRecipe, Tag("recipe")] | Annotated[BroughtStart, Tag("network")],
    Discriminator(start_kind),
]
"""As it is asked for, with the digest of the weights of a network that is there."""
