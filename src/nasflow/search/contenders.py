"""Who is compared: a space, and who answers its questions; and the searches of a comparison."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from nasflow.base.document import Document, Frozen
from nasflow.base.errors import InvalidSpec
from nasflow.search.config import SearchConfig
from nasflow.search.controller import EvolutionController
from nasflow.search.spaces import AnySpace, Space
from nasflow.search.start import TrainedStart
from nasflow.spec.hosts import Written

PUBLISHED_ARMS = {
    "path": ("path", "path"),
    "paper": ("path", "paper"),
    "eas": ("layer", "eas"),
    "n2n": ("removal", "n2n"),
    "nas": ("chain", "nas"),
    "joint": ("joint", "nas"),
}
"""By the names that they go by, a space and a controller."""


WRITTEN = Written(layers=6)
"""The host of networks that are written from nothing: as many layers as the published search began with."""


@dataclass(frozen=True)
class Contender:
    """One arm of a comparison."""

    name: str
    """Also of its searches: lower-case letters, digits, hyphens."""
    space: str | None
    """The kind of its space; None: the configuration's own."""
    controller: str


class ComparedSearch(Frozen):
    """One search of a comparison."""

    seed: int
    arm: str
    search: str
    """Its id."""


class Comparison(Document):
    """A comparison as it was last handed to Kubeflow."""

    tag: str
    """Six hexadecimal digits in the name of its runs: this comparison in this store, and no other."""
    searches: tuple[ComparedSearch, ...]
    rival: str
    """The arm that the others are paired with."""


def contenders(names: Iterable[str]) -> tuple[Contender, ...]:
    """From what somebody names: a published system, a kind of controller, or `space:controller`.

    Raise InvalidSpec for a name that is given twice.
    """
    found = tuple(map(_contender, names))
    twice = [each.name for number, each in enumerate(found) if each in found[:number]]
    if twice:
        raise InvalidSpec(f"{twice[0]} is compared with itself: name each once")
    return found


def _contender(name: str) -> Contender:
    if name in PUBLISHED_ARMS:
        return Contender(name, *PUBLISHED_ARMS[name])
    space, colon, controller = name.partition(":")
    return Contender(name.replace(":", "-"), space, controller) if colon else Contender(name, None, name)


def searches(
    base: SearchConfig, compared: Iterable[Contender], seeds: Iterable[int]
) -> dict[tuple[int, str], SearchConfig]:
    """The search of each seed and contender, by both: `base`, but for who searches where.

    What a space finds that belongs to one host is finished in the search's. Where children begin without
    weights, they learn as fast as the start network does. Raise InvalidSpec for a search that cannot be.
    """
    listed = tuple(compared)
    return {(seed, each.name): _search(base, each, seed) for seed in seeds for each in listed}


def _search(base: SearchConfig, contender: Contender, seed: int) -> SearchConfig:
    where = f"arm {contender.name}"
    space = _space(base, contender, where)
    own: dict[str, Any] = {
        "name": f"{base.name}-{contender.name}-{seed}",
        "seed": seed,
        "space": space.model_dump(mode="json"),
        "controller": _controller(base, contender),
    }
    given = base.model_dump(mode="json") | own
    if space.changes == "written":
        given["host"] = WRITTEN.model_dump(mode="json")
    if not space.transfers:
        given["finish"] = given["finish"] | {"host": given["host"]}
    if not space.inherits:
        given["parents"] = "none"
        given["child"] = given["child"] | {"learning_rate": _from_scratch(base)}
    return SearchConfig.from_data(given, where)


def _controller(base: SearchConfig, contender: Contender) -> dict[str, Any]:
    """Its settings: those of the configuration, if it has them; an evolution begins within a short budget."""
    usual = EvolutionController()
    if base.controller.kind == contender.controller:
        return base.controller.model_dump(mode="json")
    if contender.controller != usual.kind or base.budget.children is None:
        return {"kind": contender.controller}
    population = max(2, min(usual.population, base.budget.children // 4))
    tournament = max(1, population * usual.tournament // usual.population)
    return {"kind": usual.kind, "population": population, "tournament": tournament}


def _from_scratch(base: SearchConfig) -> float:
    """The rate for weights that nobody has trained."""
    recipe = base.finish.recipe if isinstance(base.start, TrainedStart) else base.start
    return recipe.learning_rate


def _space(base: SearchConfig, contender: Contender, where: str) -> Space:
    if contender.space in {None, base.space.kind}:
        return base.space
    try:
        found: Space = TypeAdapter(AnySpace).validate_python({"kind": contender.space})
    except ValidationError as error:
        raise InvalidSpec(f"{where}: {error.errors()[0]['msg']}") from None
    return found
