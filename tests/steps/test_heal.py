from pathlib import Path

import pytest
from tests.steps.samples import Nobody, config, copy_of_finished, open_archive, run_search

from nasflow.backends.inline import run
from nasflow.base.errors import BlobDamaged
from nasflow.search.budget import Budget
from nasflow.steps.begin import set_budget
from nasflow.steps.ledger import read_ledger
from nasflow.store import blob_key


@pytest.fixture(scope="module")
def longer(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The rounds and the final network of the search with two more children, never damaged."""
    folder = tmp_path_factory.mktemp("longer")
    run_search(folder, config(budget={"children": 6}))
    ledger = read_ledger(open_archive(folder), "tiny")
    return {"rounds": ledger.rounds, "final": ledger.final}


@pytest.mark.parametrize("which", ["start", "controller"])
def test_a_damaged_blob_is_named_and_healed(which: str, tmp_path: Path, longer: dict[str, object]) -> None:
    """Cut-off bytes in the store stop the search in one line; without them it makes them again, the same."""
    store = copy_of_finished(tmp_path)
    archive = open_archive(store)
    set_budget(archive, "tiny", Budget(children=6))
    ledger = read_ledger(archive, "tiny")
    assert ledger.start
    assert ledger.rounds[-1].update
    digest = ledger.start.weights if which == "start" else ledger.rounds[-1].update.controller
    blob = store / blob_key(str(digest))
    blob.write_bytes(blob.read_bytes()[:-20])
    with pytest.raises(BlobDamaged, match=str(digest)) as caught:
        run(open_archive(store), "tiny", Nobody(), lambda: None)
    assert "\n" not in str(caught.value)
    blob.unlink()
    run(open_archive(store), "tiny", Nobody(), lambda: None)
    ledger = read_ledger(open_archive(store), "tiny")
    assert {"rounds": ledger.rounds, "final": ledger.final} == longer


def test_a_store_that_has_lost_all_blobs(tmp_path: Path, longer: dict[str, object]) -> None:
    """Whatever blobs are gone, those that a search still needs are made again, and it goes on the same."""
    store = copy_of_finished(tmp_path)
    lost = {path.name for path in store.glob("blobs/*/*")}
    for path in store.glob("blobs/*/*"):
        path.unlink()
    run(open_archive(store), "tiny", Nobody(), lambda: None)
    ledger = read_ledger(open_archive(store), "tiny")
    assert ledger.start
    assert ledger.final
    made = {path.name for path in store.glob("blobs/*/*")}
    assert {ledger.start.weights, ledger.final.weights} <= made <= lost
    set_budget(open_archive(store), "tiny", Budget(children=6))
    run(open_archive(store), "tiny", Nobody(), lambda: None)
    ledger = read_ledger(open_archive(store), "tiny")
    assert {"rounds": ledger.rounds, "final": ledger.final} == longer
