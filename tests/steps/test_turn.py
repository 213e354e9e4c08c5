from pathlib import Path

import pytest
from tests.steps.samples import config, documents, open_archive

from nasflow.base.errors import StoreError
from nasflow.steps.advance import Finish, advance
from nasflow.steps.archive import Archive
from nasflow.steps.begin import begin
from nasflow.steps.child import run_child
from nasflow.steps.ledger import read_ledger
from nasflow.steps.turn import children_at_work, children_to_train, finalists_to_train, learn


def test_the_start_network_is_the_first_round(tmp_path: Path) -> None:
    """Before anything is trained the start network is to be trained, and there is nothing to learn."""
    archive = open_archive(tmp_path / "store")
    begin(archive, config())
    start = read_ledger(archive, "tiny").start_spec
    assert start
    assert children_to_train(archive, "tiny") == (start.id,)
    assert finalists_to_train(archive, "tiny") == ()
    assert learn(archive, "tiny") is None


def test_only_what_has_no_record(archive: Archive, child: str) -> None:
    """A round taken up again trains the rest of it; it teaches nothing before it is whole."""
    both = children_to_train(archive, "tiny")
    run_child(archive, child)
    assert children_to_train(archive, "tiny") == tuple(each for each in both if each != child)
    assert children_at_work(archive, "tiny") == both
    with pytest.raises(StoreError, match="have no record"):
        learn(archive, "tiny")


def test_an_exhausted_space_comes_to_its_end(tmp_path: Path) -> None:
    """A round without children is learned from too, and then the search stops with its best cell."""
    archive = open_archive(tmp_path / "store")
    begin(archive, config(space={"max_depth": 1, "add_branches": [2], "concat_branches": []}))
    for _ in range(6):
        for child in children_to_train(archive, "tiny"):
            run_child(archive, child)
        learn(archive, "tiny")
    stop = read_ledger(archive, "tiny").stop
    assert isinstance(advance(archive, "tiny"), Finish)
    assert stop
    assert stop.reason == "exhausted"


def test_at_work_changes_nothing(archive: Archive) -> None:
    """To ask which children are at work writes nothing."""
    before = documents(archive)
    children_at_work(archive, "tiny")
    assert documents(archive) == before


def test_turn_by_turn_to_the_end(tmp_path: Path) -> None:
    """A pipeline that knows no round numbers does the same search, and stays still once it is done."""
    archive = open_archive(tmp_path / "store")
    begin(archive, config())
    for _ in range(5):
        for child in children_to_train(archive, "tiny"):
            run_child(archive, child)
        learn(archive, "tiny")
    assert [len(each.proposal.children) for each in read_ledger(archive, "tiny").rounds] == [2, 2]
    finalists = finalists_to_train(archive, "tiny")
    assert finalists
    for child in finalists:
        run_child(archive, child)
    assert finalists_to_train(archive, "tiny") == ()
