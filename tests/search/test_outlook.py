"""What is foretold of a search is what it then trains: real searches, the smallest there are."""

from typing import Any

import pytest
from tests.steps.samples import HOST, config, finished_once, ledger_of

from nasflow.search.outlook import count_rounds, outlook
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.spent import spent_by_stage

RECIPE = {"epochs": 2, "learning_rate": 0.1}
ALL = ["start", "longer", "parameters", "mult_adds", "scratch", "random"]


def finish(**changes: Any) -> dict[str, Any]:
    """A finish that differs from the start's training, so that nothing of it is known already."""
    return {"finish": {"host": HOST, "recipe": RECIPE, "controls": ["start", "longer"]} | changes}


CERTAIN: dict[str, dict[str, Any]] = {
    "plain": {},
    "a last round that is smaller": finish() | {"budget": {"children": 3}},
    "rounds alone": finish() | {"budget": {"rounds": 2}},
    "no controls": finish(controls=[]),
    "shortlist": finish(shortlist=3) | {"budget": {"children": 4}},
    "several seeds": finish(seeds=2) | {"budget": {"children": 2}},
    "inherited": finish(inherit=True, controls=["start", "longer", "scratch"]) | {"budget": {"children": 2}},
    "halved": finish(shortlist=4)
    | {
        "child": {"epochs": 3},
        "halving": {"rungs": [1, 2], "keep": 0.5},
        "children_per_round": 3,
        "budget": {"children": 5},
    },
    "nothing but random": finish(controls=["start", "random"])
    | {"controller": {"kind": "random"}, "budget": {"children": 2}},
    "from scratch": finish() | {"parents": "none", "budget": {"children": 2}},
    "the child's own training": finish(recipe={"epochs": 1}) | {"parents": "none", "budget": {"children": 2}},
}
"""Searches whose whole training follows from their configuration."""

OPEN: dict[str, dict[str, Any]] = {
    "all controls": finish(controls=ALL),
    "parents found": finish() | {"parents": "found"},
    "a front": finish(controls=[]) | {"objective": {"pareto": ["held_out_loss", "parameters"]}},
}
"""Searches in which what is found decides of the finish."""


def foretold(changes: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Networks and epochs by stage."""
    asked = ResolvedConfig.of(config(**changes))
    found: dict[str, tuple[int, int]] = {}
    children = asked.budget.children or 4
    for batch in outlook(asked, children):
        networks, epochs = found.get(batch.stage, (0, 0))
        born = batch.times * sum(each.is_born for each in batch.stretches)
        trained_for = batch.times * sum(each.epochs for each in batch.stretches)
        found[batch.stage] = networks + born, epochs + trained_for
    return {stage: each for stage, each in found.items() if each[0]}


def trained(changes: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """The same of the search itself."""
    spent = spent_by_stage(ledger_of(finished_once(**changes)))
    return {each.stage: (each.networks, each.epochs) for each in spent}


SHOWN = {"shortlist"}
"""Of those the one that is tried each time: the others have less in them, or differ by little."""


@pytest.mark.parametrize(
    "name", [each if each in SHOWN else pytest.param(each, marks=pytest.mark.long) for each in CERTAIN]
)
def test_what_is_foretold_is_trained(name: str) -> None:
    """Networks and epochs of each stage, to the last one."""
    changes = CERTAIN[name]
    assert foretold(changes) == trained(changes)
    assert not any(batch.is_most for batch in outlook(ResolvedConfig.of(config(**changes)), 4))


@pytest.mark.long
@pytest.mark.parametrize("name", OPEN)
def test_what_is_open_is_foretold_at_its_most(name: str) -> None:
    """Only the finish is open, it is never more than was foretold, and it is said."""
    told, came = foretold(OPEN[name]), trained(OPEN[name])
    assert told.pop("finish") >= came.pop("finish")
    assert told == came
    batches = outlook(ResolvedConfig.of(config(**OPEN[name])), 4)
    assert [batch.stage for batch in batches if batch.is_most] == ["finish"]


def test_a_budget_without_an_end() -> None:
    """Somebody who writes a number that is never reached is told of it, and nothing runs out of memory."""
    asked = ResolvedConfig.of(config(budget={"children": 10**12}))
    assert count_rounds(asked, 10**12) == 10**12 // 2
    batches = outlook(asked, 10**12)
    assert sum(batch.times * len(batch.stretches) for batch in batches if batch.stage == "children") == 10**12
