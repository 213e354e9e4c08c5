from typing import Any

import pytest
from tests.search.samples import HOST, smallest

from nasflow.base.errors import InvalidSpec
from nasflow.search.config import SearchConfig
from nasflow.search.objective import Objective
from nasflow.search.resolved import ResolvedConfig


def test_golden_digest(search: dict[str, Any]) -> None:
    """The digest of a configuration must not change from version to version."""
    config = SearchConfig.from_data(search, "here")
    assert config.digest() == "9372325df6b53614cff934cbe6246189d05d5b7bd997d28eea0fdabd91d4697a"


def test_round_trip(search: dict[str, Any]) -> None:
    """A configuration is read back as it was, with every default written out."""
    config = SearchConfig.from_data(search, "here")
    assert SearchConfig.from_json(config.to_bytes(), "there") == config
    assert '"entropy_weight":0.03' in config.canonical_json()


def test_a_finish_at_home(search: dict[str, Any]) -> None:
    """A finish that names no host has the search's, and is the same search as one that names it."""
    named = search | {"finish": search["finish"] | {"host": search["host"]}}
    silent = search | {"finish": {name: each for name, each in search["finish"].items() if name != "host"}}
    assert SearchConfig.from_data(silent, "here") == SearchConfig.from_data(named, "here")


def test_start_cell_in_order(search: dict[str, Any]) -> None:
    """A start cell is held in canonical order, so that two ways to write it are one search."""
    one = SearchConfig.from_data(search | {"start_cell": "add( 3x3G -> ( max3 ), 3x3G )"}, "here")
    other = SearchConfig.from_data(search | {"start_cell": "add( 3x3G, 3x3G -> ( max3 ) )"}, "here")
    assert one == other


@pytest.mark.parametrize("where", ["host", "finish"])
@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ({"growth": 1, "blocks": 1}, "node root: 1 channels cannot be shared by 2 branches"),
        ({"kind": "chain", "widths": [4]}, "a chain has no place for a cell, which the space path changes"),
        (
            {"kind": "condensenet", "layers": [2], "growth": [8], "cells": [0]},
            "a condensenet has no place for a cell",
        ),
    ],
)
def test_start_cell_must_fit(search: dict[str, Any], where: str, host: dict[str, Any], reason: str) -> None:
    """A start cell that has no place, or one that is too small, is refused at once, at full size too."""
    search["start_cell"] = "concat( 3x3G, 3x3G )"
    search[where] = host if where == "host" else search["finish"] | {"host": host}
    with pytest.raises(InvalidSpec, match=reason):
        SearchConfig.from_data(search, "here")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"host": None}, "host is wanted: only a start that names a network brings its own"),
        (
            {"start": "torchvision:resnet18"},
            "host and start_cell are those of torchvision:resnet18: leave them out",
        ),
        ({"start": {"network": "resnet18"}}, "start.network: torchvision:NAME, module:factory"),
        (
            {
                "space": {"kind": "joint"},
                "controller": {"kind": "random"},
                "finish": {"host": {"growth": 24, "blocks": 1}, "recipe": {}},
            },
            "finish.host: what the space joint finds belongs to the host of the search",
        ),
        (
            {"finish": {"host": {"growth": 24, "blocks": 1}, "recipe": {}, "inherit": True}},
            "finish.inherit: another host than the search's has no weights to inherit",
        ),
        ({"child": {"condense": True}}, "child: condense is for a condensenet that is trained from scratch"),
        ({"start": {"condense": True}}, "start: condense is for a condensenet"),
        ({"space": {"max_deph": 2}}, "unknown key 'space.max_deph': did you mean 'max_depth'?"),
        ({"child": {"epochs": 0}}, "child: epochs: at least 1 is wanted"),
    ],
)
def test_what_cannot_be_searched(search: dict[str, Any], change: dict[str, Any], reason: str) -> None:
    """What does not go together is refused before anything is trained, and told how to put it right."""
    with pytest.raises(InvalidSpec) as raised:
        SearchConfig.from_data(search | change, "here")
    assert str(raised.value).startswith(f"here: {reason}")


@pytest.mark.parametrize(
    ("share", "count", "children"),
    [(0.0, 10, 0), (0.2, 10, 2), (1.0, 10, 10), (0.2, 5, 1), (0.2, 2, 1), (0.2, 1, 0)],
)
def test_random_children(search: dict[str, Any], share: float, count: int, children: int) -> None:
    """The random arm gets its share of each round, and one child where there is a choice."""
    config = SearchConfig.from_data(search | {"random_share": share}, "here")
    assert config.random_children(count) == children


def test_an_evolution_that_would_not_begin(search: dict[str, Any]) -> None:
    """A budget below the population would be random search by another name: it is refused."""
    evolution = {"controller": {"kind": "evolution"}, "budget": {"children": 40}}
    with pytest.raises(InvalidSpec, match=r"a population of 50 .* gives the controller 32"):
        SearchConfig.from_data(search | evolution, "here")
    # Two is the smallest population that there is.
    few = {"controller": {"kind": "evolution", "population": 2, "tournament": 2}, "budget": {"children": 2}}
    with pytest.raises(InvalidSpec, match="give more children, or a smaller random_share"):
        SearchConfig.from_data(search | few, "here")
    enough = {"controller": {"kind": "evolution", "population": 20}, "budget": {"children": 40}}
    assert SearchConfig.from_data(search | enough, "here")
    # Rounds of three have one child of the random arm each, whatever its share of all of them.
    small = enough | {
        "children_per_round": 3,
        "random_share": 0.05,
        "controller": {"kind": "evolution", "population": 27},
    }
    with pytest.raises(InvalidSpec, match=r"a population of 27 .* gives the controller 27"):
        SearchConfig.from_data(search | small, "here")


@pytest.mark.parametrize("number", [10**400, 10**10])
def test_absurd_sizes(search: dict[str, Any], number: int) -> None:
    """Numbers that no network can have are refused before anybody counts with them."""
    pyramid = {"kind": "pyramidnet", "widening": number, "blocks": 1}
    for host in ({"growth": 8, "blocks": number}, pyramid, {"kind": "chain", "widths": [number]}):
        with pytest.raises(InvalidSpec, match="host"):
            SearchConfig.from_data(search | {"host": host}, "here")


def test_measures_that_are_taken(search: dict[str, Any]) -> None:
    """What costs time is measured where objective, limits or measures name it, in any order."""
    config = SearchConfig.from_data(
        search
        | {
            "objective": {
                "maximise": "held_out_accuracy",
                "trade": {"latency": {"target": "4ms", "weight": 0.07}},
            },
            "limits": {"latency": "9ms", "parameters": "3M"},
            "measures": ["latency_64", "mult_adds", "latency"],
        },
        "here",
    )
    assert config.asked_measures == ("latency", "latency_64")
    assert config.counted_limits == ("parameters",)
    assert SearchConfig.from_data(search, "here").asked_measures == ()


@pytest.mark.parametrize(
    ("changes", "measure"),
    [
        ({}, "training_loss_sum"),
        ({"parents": "none"}, "training_loss_sum"),
        ({"parents": "found"}, "held_out_loss"),
        ({"finish": {"host": HOST, "recipe": {}, "inherit": True}}, "held_out_loss"),
    ],
)
def test_who_says_nothing_is_judged_by_what_foretells(changes: dict[str, Any], measure: str) -> None:
    """The signal follows from what becomes of the winner (docs/signals.md)."""
    given = smallest() | changes
    del given["objective"]
    config = SearchConfig.from_data(given, "here")
    assert config.objective == Objective(minimise=measure)
    assert ResolvedConfig.of(config).objective == config.objective


def test_an_older_configuration_is_judged_as_it_was() -> None:
    """Where it names no objective, it means the accuracy."""
    given = smallest() | {"schema_version": 2}
    del given["objective"]
    assert SearchConfig.from_data(given, "here").objective == Objective(maximise="held_out_accuracy")


@pytest.mark.parametrize(
    ("space", "controller"), [("path", "path"), ("layer", "eas"), ("removal", "n2n"), ("joint", "nas")]
)
def test_who_names_no_controller_gets_the_usual_one(space: str, controller: str) -> None:
    """The one that the space names; what is named is taken."""
    given = smallest() | {"space": {"kind": space}}
    given["finish"] = given["finish"] | {"host": given["host"]}
    given.pop("controller", None)
    assert SearchConfig.from_data(given, "here").controller.kind == controller
    named = given | {"controller": {"kind": "random"}}
    assert SearchConfig.from_data(named, "here").controller.kind == "random"


def test_a_broken_space_is_refused_as_such() -> None:
    """Not for the controller that would follow from it."""
    with pytest.raises(InvalidSpec, match="space"):
        SearchConfig.from_data(smallest() | {"space": {"kind": "layer", "widen": [0.5]}}, "here")


def test_a_space_that_shrinks_is_judged_by_what_it_saves() -> None:
    """The removal space has an objective of its own."""
    given = smallest() | {"space": {"kind": "removal"}}
    del given["objective"], given["controller"]
    given["finish"] = given["finish"] | {"host": given["host"]}
    objective = SearchConfig.from_data(given, "here").objective
    assert objective == Objective(maximise="held_out_accuracy", compress={"parameters": "start"})
