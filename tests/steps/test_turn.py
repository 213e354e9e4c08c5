from pathlib import Path

import pytest
from tests.steps.samples import config, ledger_of, open_archive

from nasflow.base.errors import StoreError
from nasflow.steps.archive import Archive
from nasflow.steps.begin import begin
from nasflow.steps.child import run_child
from nasflow.steps.execute import tasks_of
from nasflow.steps.turn import children_to_train, finalists_to_train, learn_from_round, run_test_if_due


def turn(archive: Archive) -> int:
    """One turn of a pipeline; how many children it had."""
    children = children_to_train(archive, "tiny")
    for child in children:
        run_child(archive, child)
    learn_from_round(archive, "tiny")
    return len(children)


def test_the_start_network_is_the_first_round(tmp_path: Path) -> None:
    """Before anything is trained the start network is to be trained, and there is nothing to learn."""
    archive = open_archive(tmp_path / "store")
    begin(archive, config())
    assert children_to_train(archive, "tiny") == (ledger_of(tmp_path / "store").start_spec.id,)
    assert finalists_to_train(archive, "tiny") == ()
    assert run_test_if_due(archive, "tiny") is None
    assert learn_from_round(archive, "tiny") is None


def test_only_what_has_no_record(archive: Archive, child: str) -> None:
    """A round taken up again trains the rest of it; it teaches nothing before it is whole."""
    both = children_to_train(archive, "tiny")
    run_child(archive, child)
    (other,) = children_to_train(archive, "tiny")
    assert {child, other} == set(both)
    with pytest.raises(StoreError, match=f"{other} have no record; `nasflow resume tiny --store"):
        learn_from_round(archive, "tiny")


def test_an_exhausted_space_comes_to_its_end(tmp_path: Path) -> None:
    """A round without children is learned from too, and then the search stops with its best cell."""
    archive = open_archive(tmp_path / "store")
    begin(archive, config(space={"max_depth": 1, "add_branches": [2], "concat_branches": []}))
    assert [turn(archive) for _ in range(4)] == [1, 1, 0, 0]
    assert finalists_to_train(archive, "tiny")
    stop = ledger_of(tmp_path / "store").stop
    assert stop
    assert stop.reason == "exhausted"


def test_turn_by_turn_to_the_end(tmp_path: Path, finished: Path) -> None:
    """A pipeline that knows no round numbers does the same search, and stays still once it is done."""
    archive = open_archive(tmp_path / "turns")
    begin(archive, config())
    assert [turn(archive) for _ in range(5)] == [1, 2, 2, 0, 0]
    assert run_test_if_due(archive, "tiny") is None
    for child in finalists_to_train(archive, "tiny"):
        run_child(archive, child)
    assert finalists_to_train(archive, "tiny") == ()
    tested = run_test_if_due(archive, "tiny")
    assert tested
    assert run_test_if_due(archive, "tiny") is None
    assert tasks_of(archive, "tiny") == ()
    without_costs = [
        ledger_of(store).model_copy(update={"attempts": ()}) for store in (tmp_path / "turns", finished)
    ]
    assert without_costs[0] == without_costs[1]
