"""Who is compared, and by which searches."""

from typing import Any

import pytest

from nasflow.base.errors import InvalidSpec
from nasflow.search.config import SearchConfig
from nasflow.search.contenders import WRITTEN, Contender, contenders, searches
from nasflow.search.controller import EvolutionController

HOST = {"kind": "densenet", "growth": 4, "blocks": 1, "stages": 2}


def base(**changes: Any) -> SearchConfig:
    """A small search whose found cell ends in a wider host."""
    given = {
        "name": "base",
        "data": {"name": "digits", "held_out": 100},
        "host": HOST,
        "start": {"epochs": 1},
        "child": {"epochs": 1},
        "budget": {"children": 5},
        "finish": {"host": HOST | {"growth": 8}, "recipe": {"epochs": 1}},
    }
    return SearchConfig.from_data(given | changes, "here")


def test_names() -> None:
    """Published systems, kinds of controllers in the configuration's own space, and any space with any."""
    assert contenders(["eas", "random", "joint:evolution"]) == (
        Contender("eas", "layer", "eas"),
        Contender("random", None, "random"),
        Contender("joint-evolution", "joint", "evolution"),
    )


def test_a_search_each() -> None:
    """One a seed and arm, under a name of its own, with the base's budget and objective."""
    found = searches(base(), contenders(["path", "eas", "random"]), range(3, 5))
    assert list(found) == [(seed, name) for seed in (3, 4) for name in ("path", "eas", "random")]
    assert {each.name for each in found.values()} == {f"base-{name}-{seed}" for seed, name in found}
    for (seed, name), each in found.items():
        assert each.seed == seed
        assert each.controller.kind == name
        assert each.budget == base().budget
        assert each.objective == base().objective
        assert each.space.kind == ("layer" if name == "eas" else "path")


def test_settings_of_the_base_are_kept() -> None:
    """Where an arm has the space or the controller that the configuration has, it has its settings."""
    given = base(
        space={"kind": "path", "max_depth": 2},
        controller={"kind": "evolution", "population": 3, "tournament": 2},
    )
    found = searches(given, contenders(["path", "evolution", "joint"]), [1])
    assert found[1, "path"].space == found[1, "evolution"].space == given.space
    assert found[1, "evolution"].controller == given.controller
    assert found[1, "path"].controller.kind == "path"
    assert found[1, "joint"].space.kind == "joint"


def test_an_evolution_begins_within_the_budget() -> None:
    """Its population is a quarter of it at most."""
    small = searches(base(budget={"children": 20}), contenders(["evolution"]), [1])[1, "evolution"].controller
    assert isinstance(small, EvolutionController)
    assert (small.population, small.tournament) == (5, 1)
    large = searches(base(budget={"children": 999}), contenders(["evolution"]), [1])[1, "evolution"]
    assert large.controller == EvolutionController()


def test_what_belongs_to_a_host_ends_there() -> None:
    """Widths that were found in one host are finished in it, whatever the configuration says."""
    found = searches(base(), contenders(["path", "eas"]), [1])
    assert found[1, "path"].finish.host == base().finish.host != base().host
    assert found[1, "eas"].finish.host == base().host


def test_what_is_written_from_nothing() -> None:
    """It has a host of its own, and its children learn as fast as a start network does."""
    given = base(start={"epochs": 1, "learning_rate": 0.2}, child={"epochs": 1, "learning_rate": 0.01})
    nas = searches(given, contenders(["nas"]), [1])[1, "nas"]
    assert nas.host == nas.finish.host == WRITTEN
    assert (nas.parents, nas.child.learning_rate) == ("none", 0.2)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["path", "path"], "path is compared with itself"),
        (["nobody"], "arm nobody: .*nobody"),
        (["nowhere:random"], "arm nowhere-random: .*nowhere"),
        (["layer:path"], "arm layer-path: .*reads the space path"),
        ([""], "arm : "),
    ],
)
def test_who_cannot_be_compared(names: list[str], reason: str) -> None:
    """Is refused in one line that names the arm."""
    with pytest.raises(InvalidSpec, match=reason) as caught:
        searches(base(), contenders(names), [1])
    assert "\n" not in str(caught.value)
