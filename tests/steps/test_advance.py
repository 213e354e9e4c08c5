from pathlib import Path
from typing import Any

import pytest
from tests.steps.samples import config, open_archive, run_search

from nasflow.base.errors import SearchFailed
from nasflow.cli.summary import standing
from nasflow.search.ledger import Ledger, LedgerRound
from nasflow.search.record import Attempt, ChildRecord
from nasflow.search.rounds import Arm, ControllerUpdate, Episode, Proposal
from nasflow.spec.tree import START_CELL
from nasflow.steps.advance import Done, Finish, Round, Start, advance, decide
from nasflow.steps.begin import begin
from nasflow.steps.ledger import read_ledger


def record(number: int, accuracy: float | None = 0.5) -> ChildRecord:
    """A finished child; a failed one without an accuracy."""
    failure = None if accuracy is not None else f"loss is nan in child {number}"
    return ChildRecord(
        child=f"{number:016x}",
        cell=START_CELL,
        status="failed" if failure else "trained",
        failure=failure,
        accuracy=accuracy,
        parameters=1,
        mult_adds=1,
    )


def round_of(number: int, *accuracies: float | None) -> LedgerRound:
    """A complete round with a child an accuracy."""
    records = tuple(record(10 * number + index, each) for index, each in enumerate(accuracies))
    episode = Episode(arm=Arm.RANDOM, cell=START_CELL, decisions=(), tries=1)
    return LedgerRound(
        proposal=Proposal(
            round=number,
            controller=None,
            seed=0,
            episodes=(episode,) * len(records),
            children=tuple(each.child for each in records),
        ),
        records=records,
        update=ControllerUpdate(round=number, controller=None, metrics={}),
    )


def attempt(seconds: float, device: str = "cpu") -> Attempt:
    """Work on some child."""
    return Attempt(child="0", number=1, device=device, seconds=seconds, kept_seconds=0.0, outcome=None)


def ledger(
    *rounds: LedgerRound, attempts: tuple[Attempt, ...] = (), start: Any = 0.4, **changes: Any
) -> Ledger:
    """A search after these rounds, with another configuration than the tiny one's where said."""
    return Ledger(config=config(**changes), start=record(0, start), rounds=tuple(rounds), attempts=attempts)


FULL, HALF, EMPTY = (0.5, 0.6), (0.5, None), (None, None)

GO_ON = {
    "no round yet": ledger(),
    "children left": ledger(round_of(1, *FULL)),
    "half of them failed, no more": ledger(round_of(1, *HALF)),
    "rounds left": ledger(round_of(1, *FULL), budget={"rounds": 2}),
    "seconds left": ledger(round_of(1, *FULL), attempts=(attempt(9.9),), budget={"seconds": 10}),
    "hours of a CPU are none of a GPU": ledger(attempts=(attempt(7200),), budget={"gpu_hours": 1}),
    "all failed, and that is allowed": ledger(round_of(1, *EMPTY), failure_share=1.0),
}

STOP = {
    "children": (ledger(round_of(1, *FULL), round_of(2, *FULL)), "budget", "children: 4 of 4"),
    "more children than that": (
        ledger(round_of(1, *FULL), round_of(2, *FULL), budget={"children": 3}),
        "budget",
        "children: 4 of 3",
    ),
    "rounds": (ledger(round_of(1, *FULL), budget={"rounds": 1}), "budget", "rounds: 1 of 1"),
    "seconds": (
        ledger(round_of(1, *FULL), attempts=(attempt(4), attempt(6)), budget={"seconds": 10}),
        "budget",
        "seconds: 10 of 10",
    ),
    "GPU-hours": (
        ledger(round_of(1, *FULL), attempts=(attempt(3600, "H200"),), budget={"gpu_hours": 0.5}),
        "budget",
        "gpu_hours: 1 of 0.5",
    ),
    "the first limit": (
        ledger(round_of(1, *FULL), budget={"children": 2, "rounds": 1}),
        "budget",
        "children: 2 of 2",
    ),
    "failures": (
        ledger(round_of(1, *EMPTY)),
        "failures",
        "2 of 2 children failed, the last one: loss is nan in child 11",
    ),
    "failures before the budget": (
        ledger(round_of(1, *FULL), round_of(2, *EMPTY), failure_share=0.4),
        "failures",
        "2 of 4 children failed, the last one: loss is nan in child 21",
    ),
    "a failed start": (ledger(start=None), "failures", "the start network failed: loss is nan in child 0"),
    "an empty round": (
        ledger(round_of(1, *FULL), round_of(2)),
        "exhausted",
        "every cell of the space has been tried",
    ),
}


@pytest.mark.parametrize("state", GO_ON.values(), ids=GO_ON)
def test_go_on(state: Ledger) -> None:
    """Within its budget, its failures and its space, a search goes on."""
    assert decide(state) is None


@pytest.mark.parametrize(("state", "reason", "detail"), STOP.values(), ids=STOP)
def test_stop(state: Ledger, reason: str, detail: str) -> None:
    """A search stops for a reason that it gives with the figures; one that failed has chosen nothing."""
    stop = decide(state)
    assert stop
    assert (stop.reason, stop.detail, stop.rounds) == (reason, detail, len(state.rounds))
    chosen = max(state.children, key=lambda child: child.accuracy or 0, default=None)
    assert stop.best == (None if reason == "failures" or chosen is None else chosen.child)


def test_the_next_step_of_a_search(finished: Path) -> None:
    """Taken back document by document, a finished search asks for just what is missing."""
    store, search = open_archive(finished).store, "tiny"

    def now() -> object:
        return advance(open_archive(finished), search)

    done = now()
    assert isinstance(done, Done)
    assert done.stop.detail == "children: 4 of 4"
    for gone, expected in (
        ("searches/tiny/finishes/0002/finish.json", Finish(done.stop)),
        ("searches/tiny/finishes/0002/stop.json", Finish(done.stop)),
        ("searches/tiny/rounds/0002/update.json", Round(2)),
        ("searches/tiny/rounds/0002/proposal.json", Round(2)),
        ("searches/tiny/rounds/0001/update.json", Round(1)),
        ("searches/tiny/rounds/0001/proposal.json", Round(1)),
    ):
        store.delete(gone)
        assert now() == expected, gone
    start = read_ledger(open_archive(finished), search).start_spec
    assert start
    store.delete(f"children/{start.id}/record.json")
    assert now() == Start()


def test_the_rest_of_a_round(finished: Path) -> None:
    """A round with a child that has no record, or without its update, is not over."""
    archive = open_archive(finished)
    child = read_ledger(archive, "tiny").rounds[1].proposal.children[1]
    archive.store.delete(f"children/{child}/record.json")
    assert advance(open_archive(finished), "tiny") == Round(2)


SPACES = {
    # Besides the start cell: add of 2, add of 3, concat of 2. A root's edge is the host's own.
    "of three cells": ({"operations": ["identity", "ds3"], "max_depth": 1}, 3),
    "of one cell": ({"max_depth": 1, "add_branches": [2], "concat_branches": []}, 1),
}


@pytest.mark.parametrize(("space", "cells"), SPACES.values(), ids=SPACES)
def test_an_exhausted_space(space: dict[str, Any], cells: int, tmp_path: Path) -> None:
    """A search that has tried every cell of its space stops with the best of them."""
    stop = run_search(tmp_path, config(space=space, budget={"children": 50}, children_per_round=2))
    ledger = read_ledger(open_archive(tmp_path), "tiny")
    assert stop.reason == "exhausted"
    assert len({record.child for record in ledger.children}) == len(ledger.children) == cells
    assert stop.best
    assert standing(ledger) == "finished"


def test_an_empty_space(tmp_path: Path) -> None:
    """A search whose space holds nothing but the start cell fails, and says so."""
    empty = {"operations": ["identity"], "max_depth": 1, "add_branches": [], "concat_branches": []}
    with pytest.raises(SearchFailed, match="every cell of the space has been tried"):
        run_search(tmp_path, config(space=empty))
    assert standing(read_ledger(open_archive(tmp_path), "tiny")) == "failed"


def test_a_stop_is_written_once(finished: Path) -> None:
    """A budget that is made smaller does not rewrite why a search stopped."""
    before = (finished / "searches/tiny/finishes/0002/stop.json").read_bytes()
    begin(open_archive(finished), config(budget={"children": 2}))
    assert isinstance(advance(open_archive(finished), "tiny"), Done)
    assert (finished / "searches/tiny/finishes/0002/stop.json").read_bytes() == before
