from pathlib import Path
from typing import Any

import pytest
from tests.steps.samples import config, documents, ledger_of, open_archive, run_search

from nasflow.base.errors import SearchFailed
from nasflow.search import schedule
from nasflow.search.schedule import Conclude, Learn, Propose, Task, Train
from nasflow.steps.begin import begin
from nasflow.steps.execute import execute, settled_tasks, tasks_of


def test_what_is_missing_is_what_is_to_be_done(finished: Path) -> None:
    """Taken back document by document, a finished search asks for just what is missing, and makes it again:
    the same store, byte for byte."""
    whole, made = documents(open_archive(finished), ["attempts"]), ledger_of(finished)
    assert made.finish
    assert made.stop
    first, second = (each.proposal.children for each in made.rounds)
    winner, start = made.finish.final, made.start_spec.id
    bare = made.stop.model_copy(update={"finalists": ()})  # Which networks there will be is found out then.
    gone: list[tuple[str, tuple[Task, ...]]] = [
        ("searches/tiny/finishes/0002/finish.json", (schedule.Test(made.stop),)),
        (f"children/{winner}/record.json", (Train(winner, "finish"),)),
        ("searches/tiny/finishes/0002/stop.json", (Conclude(bare),)),
        ("searches/tiny/rounds/0002/update.json", (Learn(2),)),
        (f"children/{second[1]}/record.json", (Train(second[1], "round", 2),)),
        (f"children/{second[0]}/record.json", tuple(Train(each, "round", 2) for each in second)),
        ("searches/tiny/rounds/0002/proposal.json", (Propose(2),)),
        ("searches/tiny/rounds/0001/update.json", (Learn(1),)),
        (f"children/{first[0]}/record.json", (Train(first[0], "round", 1),)),
        (f"children/{first[1]}/record.json", tuple(Train(each, "round", 1) for each in first)),
        ("searches/tiny/rounds/0001/proposal.json", (Propose(1),)),
        (f"children/{start}/record.json", (Train(start, "start"),)),
    ]
    assert tasks_of(open_archive(finished), "tiny") == ()
    for key, expected in gone:
        open_archive(finished).store.delete(key)
        assert tasks_of(open_archive(finished), "tiny") == expected, key
    while tasks := tasks_of(open_archive(finished), "tiny"):
        execute(open_archive(finished), "tiny", tasks[-1])
    assert documents(open_archive(finished), ["attempts"]) == whole


def test_every_task_twice_is_once(finished: Path) -> None:
    """A task that is done already, by somebody else, changes no document."""
    before, ledger = documents(open_archive(finished)), ledger_of(finished)
    assert ledger.stop
    start = Train(ledger.start_spec.id, "start")
    for task in (start, Propose(1), Learn(1), Conclude(ledger.stop), schedule.Test(ledger.stop)):
        execute(open_archive(finished), "tiny", task)
    assert documents(open_archive(finished)) == before


def test_the_end_of_the_rounds_is_written_down_first(finished: Path) -> None:
    """Whoever asks for the finish finds the specs of its networks: to conclude is nobody else's to do."""
    store, ledger = open_archive(finished).store, ledger_of(finished)
    assert ledger.finish
    final = ledger.finish.final
    for key in ("searches/tiny/finishes/0002/finish.json", "searches/tiny/finishes/0002/stop.json"):
        store.delete(key)
    for document in ("spec", "record"):
        store.delete(f"children/{final}/{document}.json")
    assert settled_tasks(open_archive(finished), "tiny") == (Train(final, "finish"),)
    assert store.exists(f"children/{final}/spec.json")


SPACES = {
    # Besides the start cell: add of 2, add of 3, concat of 2. A root's edge is the host's own.
    "of three cells": ({"operations": ["identity", "ds3"], "max_depth": 1}, 3),
    "of one cell": ({"max_depth": 1, "add_branches": [2], "concat_branches": []}, 1),
}


@pytest.mark.parametrize(("space", "cells"), SPACES.values(), ids=SPACES)
def test_an_exhausted_space(space: dict[str, Any], cells: int, tmp_path: Path) -> None:
    """A search that has tried every cell of its space stops with the best of them."""
    stop = run_search(tmp_path, config(space=space, budget={"children": 50}, children_per_round=2))
    ledger = ledger_of(tmp_path)
    assert stop.reason == "exhausted"
    assert len({record.child for record in ledger.children}) == len(ledger.children) == cells
    assert stop.best
    assert ledger.standing == "finished"


def test_an_empty_space(tmp_path: Path) -> None:
    """A search whose space holds nothing but the start cell fails, and says so."""
    empty = {"operations": ["identity"], "max_depth": 1, "add_branches": [], "concat_branches": []}
    with pytest.raises(SearchFailed, match="no other network was found in the space that fits the hosts"):
        run_search(tmp_path, config(space=empty))
    assert ledger_of(tmp_path).standing == "failed"


def test_a_stop_is_written_once(finished: Path) -> None:
    """A budget that is made smaller does not rewrite why a search stopped."""
    before = (finished / "searches/tiny/finishes/0002/stop.json").read_bytes()
    begin(open_archive(finished), config(budget={"children": 2}))
    assert tasks_of(open_archive(finished), "tiny") == ()
    assert (finished / "searches/tiny/finishes/0002/stop.json").read_bytes() == before
