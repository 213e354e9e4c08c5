"""A search from a CondenseNet whose groups are learned while its start network is trained."""

from pathlib import Path
from typing import Any

import pytest
from tests.steps.samples import config, ledger_of, run_search, trained

from nasflow.base.errors import InvalidSpec
from nasflow.measure import counted
from nasflow.search.config import SearchConfig

HOST = {
    "kind": "condensenet",
    "layers": [1, 2],
    "growth": [8, 8],
    "cells": [0, 1],
    "groups": 4,
    "first_stride": 1,
}
CONDENSE = {"epochs": 2, "learning_rate": 0.05, "condense": True, "group_lasso": 1e-5, "curve": True}
FINISH = {"host": HOST, "recipe": CONDENSE, "controls": ()}


def test_children_grow_from_the_condensed_network(tmp_path: Path) -> None:
    """What was learned dense is stored, counted and grown condensed."""
    wanted = config(host=HOST, start=CONDENSE, finish=FINISH, budget={"children": 1}, children_per_round=1)
    run_search(tmp_path / "store", wanted)
    ledger = ledger_of(tmp_path / "store")
    start = trained(ledger.start)
    assert len(start.history) == 2
    assert start.parameters == counted(ledger.start_spec.network)["parameters"].value
    (child,) = ledger.children
    assert child.receipt
    assert child.receipt.difference < 1e-6
    assert child.receipt.parent_accuracy == start.accuracy
    # The held-out accuracy of the last epoch, learned, is that of the condensed network.
    assert start.accuracy == pytest.approx(start.history[-1].held_out_accuracy, abs=0.011)
    assert ledger.finish


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"start": CONDENSE}, "start: condense is for a condensenet that is trained from scratch"),
        ({"child": CONDENSE}, "child: condense is for a condensenet"),
        ({"finish": FINISH | {"inherit": True}}, "finish.recipe: condense is for a condensenet"),
        ({"start": {"epochs": 1, "group_lasso": 1e-5}}, "group_lasso goes with condense: true"),
    ],
)
def test_where_nothing_can_be_condensed(changes: dict[str, Any], message: str) -> None:
    """One line that says what is asked for in vain."""
    base = config().model_dump() | ({"host": HOST} if "finish" in changes else {})
    with pytest.raises(InvalidSpec, match=message):
        SearchConfig.from_data(base | changes, "search.yaml")
