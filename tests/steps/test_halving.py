"""Rounds that are halved, with real trainings."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.steps.samples import TINY, config, documents, ledger_of, open_archive, run_search, trained

from nasflow.base.errors import ChildFailed, SearchFailed
from nasflow.search.record import BirthRecord, FailedRecord, RungRecord
from nasflow.search.schedule import Train
from nasflow.steps.begin import begin
from nasflow.steps.child import run_child
from nasflow.steps.execute import execute, tasks_of
from nasflow.steps.keys import birth_key, checkpoint_key, record_key, rung_key
from nasflow.steps.records import find_rung, write_failure
from nasflow.steps.train import at_epoch
from nasflow.steps.turn import children_to_train, learn_from_round, rung_of

HALVED: dict[str, Any] = {
    "child": {"epochs": 4, "learning_rate": 0.05},
    "halving": {"rungs": [1, 2]},
    "children_per_round": 4,
    "budget": {"children": 8},
    "finish": TINY["finish"] | {"controls": []},
}
"""Two rounds of four children: all for one epoch, two for two, one for four."""

PLAIN: dict[str, Any] = HALVED | {"name": "plain", "halving": None, "budget": {"children": 4}}
"""The first of these rounds, not halved: later ones have other children."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A halved search that is over."""
    store = tmp_path_factory.mktemp("halved")
    run_search(store, config(**HALVED))
    return store


def test_most_children_stop(whole: Path) -> None:
    """Of four children two stop at the first rung, one at the second; the winner was trained to its end."""
    ledger = ledger_of(whole)
    for each in ledger.rounds:
        epochs = sorted(len(record.history) for record in each.records if record)
        assert epochs == [1, 1, 2, 4]
        assert sum(isinstance(record, RungRecord) for record in each.records) == 3
        assert each.is_complete
    assert ledger.chosen
    assert len(ledger.chosen.history) == 4
    assert ledger.finish


def test_who_goes_on_is_better(whole: Path) -> None:
    """At each rung those that went on were better there than those that stopped."""
    for each in ledger_of(whole).rounds:
        first = {row.child: row.measures["held_out_accuracy"].value for row in each.rungs[1] if row}
        stopped = [first[record.child] for record in each.records if record and len(record.history) == 1]
        others = [value for child, value in first.items() if value not in stopped]
        assert len(first) == 4
        assert not others or max(stopped) <= min(others)


def test_going_on_is_going_through(whole: Path, tmp_path: Path) -> None:
    """A child that went from rung to rung has the very weights of one that was trained without a stop."""
    ledger = ledger_of(whole)
    last = next(record for record in ledger.rounds[0].records if record and len(record.history) == 4)
    store = Path(shutil.copytree(whole, tmp_path / "store"))
    archive = open_archive(store)
    for key in (record_key(last.child), f"children/{last.child}/training.json"):
        archive.store.delete(key)
    for epoch in (1, 2):
        archive.store.delete(rung_key(last.child, epoch))
    assert run_child(open_archive(store), last.child) == last


def test_a_rung_of_a_child_that_has_gone_on(whole: Path, tmp_path: Path) -> None:
    """Its figures after an epoch are what they were, though nobody has those weights any more."""
    ledger = ledger_of(whole)
    last = next(record for record in ledger.rounds[0].records if record and len(record.history) == 4)
    store = Path(shutil.copytree(whole, tmp_path / "store"))
    archive = open_archive(store)
    known = archive.store.read(rung_key(last.child, 2))
    archive.store.delete(rung_key(last.child, 2))
    again = run_child(open_archive(store), last.child, until=2)
    assert again.to_bytes() == known
    _, history = at_epoch(archive, archive.read(birth_key(last.child), BirthRecord), 1)
    assert history == last.history[:1]


def test_nothing_is_left_of_those_that_stopped(whole: Path) -> None:
    """What nobody goes on from is deleted once the round is over."""
    archive = open_archive(whole)
    for each in ledger_of(whole).rounds:
        for child in each.proposal.children:
            assert not archive.store.exists(checkpoint_key(child))


def test_the_controller_learns_from_the_first_rung(whole: Path, tmp_path: Path) -> None:
    """There all children were measured alike: what a child came to later teaches nothing more."""
    store = Path(shutil.copytree(whole, tmp_path / "store"))
    update = "searches/tiny/rounds/0002/update.json"
    before = open_archive(store).store.read(update)
    open_archive(store).store.delete(update)
    ledger = ledger_of(store)
    (task,) = tasks_of(open_archive(store), "tiny")
    execute(open_archive(store), "tiny", task)
    assert open_archive(store).store.read(update) == before
    lessons = ledger.rounds[1].lessons
    assert [len(each.history) for each in lessons if each] == [1, 1, 1, 1]


@pytest.mark.long
def test_turns_of_a_pipeline(whole: Path, tmp_path: Path) -> None:
    """A turn is a rung: pods ask until which epoch they train, and the same search comes of it."""
    archive = open_archive(tmp_path)
    begin(archive, config(**HALVED))
    counts = []
    while children := children_to_train(open_archive(tmp_path), "tiny"):
        counts.append(len(children))
        for child in children:
            until = rung_of(open_archive(tmp_path), "tiny", child)
            run_child(open_archive(tmp_path), child, until=until)
        learn_from_round(open_archive(tmp_path), "tiny")
    assert counts == [1, 4, 2, 1, 4, 2, 1]
    assert ledger_of(tmp_path).rounds == ledger_of(whole).rounds


def test_taken_back_document_by_document(whole: Path, tmp_path: Path) -> None:
    """Whatever is missing of a halved round is made again, and nothing else."""
    store = Path(shutil.copytree(whole, tmp_path / "store"))
    made = documents(open_archive(store), ["attempts"])
    each = ledger_of(store).rounds[1]
    second = each.proposal.children
    last = next(record for record in each.records if record and len(record.history) == 4)
    for key in ("stop", "finish"):
        open_archive(store).store.delete(f"searches/tiny/finishes/0002/{key}.json")
    open_archive(store).store.delete("searches/tiny/rounds/0002/update.json")
    open_archive(store).store.delete(record_key(trained(last).child))
    assert tasks_of(open_archive(store), "tiny") == (Train(last.child, "round", 2),)
    open_archive(store).store.delete(rung_key(second[0], 1))
    assert tasks_of(open_archive(store), "tiny") == (Train(second[0], "round", 2, 1),)
    while tasks := tasks_of(open_archive(store), "tiny"):
        execute(open_archive(store), "tiny", tasks[0])
    assert documents(open_archive(store), ["attempts"]) == made


@pytest.mark.long
@pytest.mark.parametrize("is_first", [True, False], ids=["before", "after"])
def test_another_search_that_does_not_halve(whole: Path, tmp_path: Path, is_first: bool) -> None:
    """What it trains to the end, or sees fail, changes nothing here; nor does this one there."""
    store, plain = tmp_path / "store", config(**PLAIN)
    for wanted in (plain, config(**HALVED)) if is_first else (config(**HALVED), plain):
        run_search(store, wanted)
    ours = ledger_of(store)
    assert [each.records for each in ours.rounds] == [each.records for each in ledger_of(whole).rounds]
    alone = tmp_path / "alone"
    run_search(alone, plain)
    assert ledger_of(store, "plain").children == ledger_of(alone, "plain").children


def test_a_failure_after_the_rung(whole: Path, tmp_path: Path) -> None:
    """A child that failed later, in another search, is measured at the rung all the same; one that failed
    before has failed there.
    """
    child = ledger_of(whole).rounds[0].proposal.children[0]
    store = Path(shutil.copytree(whole, tmp_path / "store"))
    archive = open_archive(store)
    known = archive.store.read(rung_key(child, 1))
    history = ledger_of(whole).rounds[0].rungs[1][0]
    assert history
    for key in (rung_key(child, 1), record_key(child), f"children/{child}/training.json"):
        archive.store.delete(key)
    write_failure(open_archive(store), child, "the loss is nan", history=history.history)
    run_child(open_archive(store), child, until=1)
    assert archive.store.read(rung_key(child, 1)) == known
    archive.store.delete(record_key(child))
    archive.store.delete(rung_key(child, 1))
    write_failure(open_archive(store), child, "the loss is nan")
    early = run_child(open_archive(store), child, until=1)
    assert isinstance(early, FailedRecord)
    assert find_rung(open_archive(store), child, 1) == early


@pytest.mark.long
def test_a_rung_that_cannot_be_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails the child there, for searches that halve there, and for nobody else."""

    def broken(*_: object) -> None:
        raise ChildFailed("the held-out loss is inf")

    with monkeypatch.context() as patch:
        patch.setattr("nasflow.steps.rung.measures_of", broken)
        with pytest.raises(SearchFailed, match="held-out loss is inf"):
            run_search(tmp_path, config(**HALVED))
    run_search(tmp_path, config(**PLAIN))
    assert all(trained(each) for each in ledger_of(tmp_path, "plain").children)
