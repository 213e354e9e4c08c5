import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cli.calling import call
from tests.steps.interrupted import train_until
from tests.steps.samples import (
    config,
    documents,
    ledger_of,
    open_archive,
    run_search,
    trained,
)

from nasflow.base.errors import Conflict
from nasflow.search.record import TrainedRecord
from nasflow.steps import leftovers
from nasflow.steps.attempts import AttemptLog
from nasflow.steps.child import run_child
from nasflow.steps.execute import tasks_of
from nasflow.steps.keys import attempt_key, checkpoint_key
from nasflow.steps.leftovers import Leftovers, find_leftovers, remove_leftovers
from nasflow.steps.summary import summary
from nasflow.store import blob_key, digest_of, put_blob


def at_once(seconds: float) -> None:
    """Does not wait."""


def values(names: list[str]) -> st.SearchStrategy[Any]:
    """Whatever a document may hold, digests among it."""
    keys, leaves = st.text(max_size=3), st.sampled_from(names) | st.text(max_size=5) | st.none()
    return st.recursive(
        leaves, lambda below: st.lists(below, max_size=3) | st.dictionaries(keys, below, max_size=3)
    )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_what_is_named_stays(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Whatever documents there are: the blobs that none of them names go, and nothing else does."""
    archive = open_archive(tmp_path_factory.mktemp("model") / "store")
    blobs = {digest_of(bytes([each])): bytes([each]) for each in range(6)}
    for each in blobs.values():
        put_blob(archive.store, each)
    kept = dict[str, bytes]()
    for number in range(data.draw(st.integers(0, 4))):
        text = json.dumps(data.draw(values(list(blobs)))).encode()
        kept[f"anything/{number}.json"] = text
        assert archive.store.create(f"anything/{number}.json", text)
    named = {digest for digest in blobs if any(digest.encode() in text for text in kept.values())}
    found = remove_leftovers(archive, wait=at_once)
    assert found == Leftovers(blobs=frozenset(map(blob_key, blobs.keys() - named)))
    assert archive.store.list("") == sorted([*kept, *map(blob_key, named)])


def test_a_finished_search_has_none(finished: Path) -> None:
    """Of a search that nobody has killed nothing is left over."""
    before = documents(open_archive(finished))
    assert remove_leftovers(open_archive(finished), wait=at_once) == Leftovers()
    assert documents(open_archive(finished)) == before


def test_a_training_that_goes_on_has_none(proposed: Path, child: str) -> None:
    """What a killed training would go on from is no leftover."""
    train_until(0.5, proposed, child)
    before = documents(open_archive(proposed))
    assert remove_leftovers(open_archive(proposed), wait=at_once) == Leftovers()
    assert documents(open_archive(proposed)) == before


def test_a_checkpoint_of_a_child_that_is_done(proposed: Path, child: str) -> None:
    """One whose training was killed between its record and its checkpoint's end."""
    train_until(0.5, proposed, child)
    archive = open_archive(proposed)
    key = checkpoint_key(child)
    left = archive.store.read(key)
    state = json.loads(left)["state"]
    blob = archive.store.read(blob_key(state))
    run_child(open_archive(proposed), child)
    whole = documents(open_archive(proposed))
    assert archive.store.create(key, left)
    assert archive.store.create(blob_key(state), blob)
    assert archive.store.create("probe/0123", b"1")
    found = remove_leftovers(open_archive(proposed), wait=at_once)
    assert found == Leftovers(
        checkpoints=frozenset({key}), blobs=frozenset({blob_key(state)}), probes=frozenset({"probe/0123"})
    )
    assert documents(open_archive(proposed)) == whole


def test_who_is_at_work_is_left_alone(proposed: Path, child: str) -> None:
    """While an attempt gives signs of life nothing is removed; one that gives none holds nobody up."""
    archive = open_archive(proposed)
    blob = blob_key(put_blob(archive.store, b"of nobody yet"))
    log = AttemptLog.opened(archive, child, 1)
    assert log
    with pytest.raises(Conflict, match=f"child {child} is being trained"):
        remove_leftovers(open_archive(proposed), wait=lambda seconds: log.keep())
    assert archive.store.exists(blob)
    assert remove_leftovers(open_archive(proposed), wait=at_once).blobs == {blob}
    assert not archive.store.exists(blob)
    assert archive.store.exists(attempt_key(child, 1))


def test_what_is_named_in_between_stays(proposed: Path) -> None:
    """A blob whose document comes a moment later is seen to have one at the second look."""
    archive = open_archive(proposed)
    digest = put_blob(archive.store, b"just written")

    def meanwhile(seconds: float) -> None:
        assert archive.store.create("anything/new.json", json.dumps([digest]).encode())
        put_blob(archive.store, b"newer still")

    assert remove_leftovers(open_archive(proposed), wait=meanwhile) == Leftovers()


@pytest.mark.long
@pytest.mark.parametrize("parents", ["start", "found"])
def test_losers(parents: str, tmp_path: Path) -> None:
    """Their weights go if that is wished; the search is told and extended as if they were there."""
    changes: dict[str, Any] = {"parents": parents, "controller": {"kind": "random"}}
    store, whole = tmp_path / "store", tmp_path / "whole"
    run_search(store, config(**changes))
    before = documents(open_archive(store), ["blobs/"])
    found = remove_leftovers(open_archive(store), losers=True, wait=at_once)
    assert found.weights
    assert found == Leftovers(weights=found.weights)
    archive, ledger = open_archive(store), ledger_of(store)
    assert documents(archive, ["blobs/"]) == before
    assert tasks_of(archive, "tiny") == ()
    records = [each for each in ledger.networks if isinstance(each, TrainedRecord)]
    kept = {each.child for each in records if archive.holds(each.weights)}
    assert {ledger.start_spec.id, trained(ledger.chosen).child, trained(ledger.final).child} <= kept
    assert call("report", "tiny", "--store", store).code == 0
    longer = config(**changes, budget={"children": 8})
    for each in (store, whole):
        run_search(each, longer)
    digests = {summary(open_archive(each), "tiny")["ledger_digest"] for each in (store, whole)}
    assert len(digests) == 1


def test_what_somebody_else_names_of_a_loser(finished: Path) -> None:
    """Weights of a loser that any other document names, of whatever kind, stay."""
    first, second = sorted(find_leftovers(open_archive(finished), losers=True).weights)[:2]
    named = json.dumps({"start": {"digest": first.rpartition("/")[2]}}).encode()
    assert open_archive(finished).store.create("anything/of-somebody.json", named)
    gone = remove_leftovers(open_archive(finished), losers=True, wait=at_once).weights
    assert second in gone
    assert first not in gone
    assert open_archive(finished).store.exists(first)


def test_losers_of_a_search_that_goes_on(proposed: Path, child: str) -> None:
    """A search that is not finished keeps all of its weights, and so do those who share a child with it."""
    run_child(open_archive(proposed), child)
    assert find_leftovers(open_archive(proposed), losers=True) == Leftovers()
    run_search(proposed, config(name="other", child={"epochs": 3, "learning_rate": 0.05}))
    assert open_archive(proposed).holds(trained(ledger_of(proposed).rounds[0].records[0]).weights)
    remove_leftovers(open_archive(proposed), losers=True, wait=at_once)
    assert open_archive(proposed).holds(trained(ledger_of(proposed).rounds[0].records[0]).weights)


def test_the_command(finished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what goes, or would go."""
    monkeypatch.setattr(leftovers, "SECONDS", 0.0)
    blob = blob_key(put_blob(open_archive(finished).store, b"of nobody"))
    said = call("gc", "--store", finished, "--dry-run")
    assert (said.code, said.out) == (0, "would be removed: 1 blobs that no document names\n")
    assert call("gc", "--store", finished, "--json").json == {"removed": True, "keys": [blob]}
    assert call("gc", "--store", finished).out == "removed: nothing\n"
    assert "there is no" in call("gc", "--store", finished / "nowhere").error
