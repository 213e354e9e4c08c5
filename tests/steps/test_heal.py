from pathlib import Path

import pytest
from tests.steps.grown import FOUND
from tests.steps.interrupted import out_of_memory
from tests.steps.samples import (
    TINY,
    Nobody,
    copy_of_finished,
    finished_once,
    ledger_of,
    open_archive,
    trained,
)

from nasflow.backends.inline import run
from nasflow.base.errors import BlobDamaged, ChildFailed
from nasflow.search.budget import Budget
from nasflow.search.family import family
from nasflow.steps.begin import set_budget
from nasflow.steps.child import run_child
from nasflow.steps.keys import record_key
from nasflow.store import blob_key


@pytest.fixture(scope="module")
def longer() -> dict[str, object]:
    """The rounds and the final network of the search with two more children, never damaged."""
    return told(finished_once(budget={"children": 6}))


def told(store: Path) -> dict[str, object]:
    """What must be the same."""
    ledger = ledger_of(store)
    return {"rounds": ledger.rounds, "final": ledger.final}


def go_on(store: Path) -> None:
    """Another process takes the search up."""
    run(open_archive(store), "tiny", Nobody(), lambda: None)


@pytest.mark.parametrize("which", [pytest.param("start", marks=pytest.mark.long), "controller"])
def test_a_damaged_blob_is_named_and_healed(which: str, tmp_path: Path, longer: dict[str, object]) -> None:
    """Cut-off bytes in the store stop the search in one line; without them it makes them again, the same."""
    store = copy_of_finished(tmp_path)
    set_budget(open_archive(store), "tiny", Budget(children=6))
    ledger = ledger_of(store)
    assert ledger.rounds[-1].update
    digest = trained(ledger.start).weights if which == "start" else ledger.rounds[-1].update.controller
    blob = store / blob_key(str(digest))
    blob.write_bytes(blob.read_bytes()[:-20])
    with pytest.raises(BlobDamaged, match=str(digest)) as caught:
        go_on(store)
    assert "\n" not in str(caught.value)
    blob.unlink()
    go_on(store)
    assert told(store) == longer


def test_a_store_that_has_lost_all_blobs(tmp_path: Path, longer: dict[str, object]) -> None:
    """Whatever blobs are gone, those that a search still needs are made again, and it goes on the same."""
    store = copy_of_finished(tmp_path)
    lost = {path.name for path in store.glob("blobs/*/*")}
    lose_all_blobs(store)
    go_on(store)
    ledger = ledger_of(store)
    made = {path.name for path in store.glob("blobs/*/*")}
    assert {trained(ledger.start).weights, trained(ledger.final).weights} <= made <= lost
    set_budget(open_archive(store), "tiny", Budget(children=6))
    go_on(store)
    assert told(store) == longer


def lose_all_blobs(store: Path) -> None:
    """Documents alone are left."""
    for path in store.glob("blobs/*/*"):
        path.unlink()


@pytest.mark.long
def test_lost_parents_are_trained_again(tmp_path: Path) -> None:
    """A child of a child whose weights are gone, and its parent's, and theirs: first the oldest of them."""
    store = copy_of_finished(tmp_path, **FOUND)
    whole, ledger = told(store), ledger_of(store)
    lines = family(ledger)
    child = max(ledger.rounds[-1].proposal.children, key=lambda each: lines[each].generation)
    assert lines[child].generation > 1
    lose_all_blobs(store)
    for document in ("record", "training"):
        open_archive(store).store.delete(f"children/{child}/{document}.json")
    open_archive(store).store.delete("searches/tiny/finishes/0004/finish.json")
    go_on(store)
    assert told(store) == whole


def test_a_finish_that_inherits_what_is_lost(tmp_path: Path) -> None:
    """The chosen network is trained again where only its weights are gone."""
    finish = TINY["finish"] | {"inherit": True, "controls": ()}
    store = copy_of_finished(tmp_path, finish=finish, budget={"children": 1}, children_per_round=1)
    whole, ledger = told(store), ledger_of(store)
    lose_all_blobs(store)
    open_archive(store).store.delete(record_key(trained(ledger.final).child))
    go_on(store)
    assert told(store) == whole


def test_what_cannot_be_trained_again(tmp_path: Path) -> None:
    """Weights that are lost, and that this machine cannot make again, are an error: their record says that
    they can be made."""
    store = copy_of_finished(tmp_path)
    start = ledger_of(store).start_spec.id
    lose_all_blobs(store)
    with pytest.raises(ChildFailed, match="out of memory in epoch 1"):
        run_child(open_archive(store), start, out_of_memory(0.0))
    assert trained(ledger_of(store).start)
