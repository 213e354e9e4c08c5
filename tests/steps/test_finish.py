from pathlib import Path

import pytest
import torch
from tests.steps.samples import TINY, config, ledger_of, open_archive, run_search, trained

from nasflow.search.controls import Control
from nasflow.steps.images import load_test_images
from nasflow.steps.network import load_network
from nasflow.steps.records import write_failure
from nasflow.store import blob_key
from nasflow.training.evaluate import logits


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search with every control, and two trainings of each."""
    store = tmp_path_factory.mktemp("whole")
    finish = TINY["finish"] | {"controls": list(Control), "seeds": 2}
    run_search(store, config(finish=finish, host=TINY["host"] | {"groups": 2}))
    return store


def test_every_control_is_tested(whole: Path) -> None:
    """Each with each seed, beside the found network of its seed; from scratch the found one is itself."""
    ledger = ledger_of(whole)
    assert ledger.finish
    assert ledger.stop
    assert [each.finalist for each in ledger.finish.tested] == list(ledger.stop.finalists)
    assert len(ledger.finish.tested) == 2 * len(Control)
    assert {each.spec.seed for each in ledger.finals} == {1, 2}
    longer = [each.spec for each in ledger.finals if each.finalist.control is Control.LONGER]
    assert {each.recipe.epochs for each in longer} == {1 + 1 + 1}


def test_image_by_image(whole: Path) -> None:
    """What found network and control alone tell right is counted on the test images themselves."""
    ledger, archive = ledger_of(whole), open_archive(whole)
    assert ledger.finish
    images = load_test_images(archive, ledger.start_spec.data)
    right = {}
    for each in ledger.finals:
        network = load_network(archive, each.spec, trained(each.record).weights)
        said = logits(network, images, each.spec.data, device="cpu").argmax(1)
        right[each.finalist] = said == images.labels
    for tested in ledger.finish.tested:
        ours = right[tested.finalist]
        assert tested.right == int(ours.sum())
        if tested.finalist.control:
            found = next(
                value
                for finalist, value in right.items()
                if finalist.control is None and finalist.seed == tested.finalist.seed
            )
            assert tested.only_found == int(torch.sum(found & ~ours))
            assert tested.only_control == int(torch.sum(ours & ~found))


def test_a_control_that_failed(tmp_path: Path) -> None:
    """It is left out of the test, and the finish is there all the same."""
    finish = TINY["finish"] | {"controls": ["start", "longer"]}
    store = tmp_path / "store"
    run_search(store, config(finish=finish))
    before, archive = ledger_of(store), open_archive(store)
    assert before.finish
    longer = next(each.spec.id for each in before.finals if each.finalist.control is Control.LONGER)
    archive.store.delete("searches/tiny/finishes/0002/finish.json")
    archive.store.delete(f"children/{longer}/record.json")
    archive.store.delete(blob_key(trained(before.final_of(Control.LONGER)).weights))
    write_failure(open_archive(store), longer, "the loss is nan")
    run_search(store, config(finish=finish))
    after = ledger_of(store)
    assert after.finish
    assert [each.finalist.control for each in after.finish.tested] == [None, Control.START]
    assert after.finish.tested[0] == before.finish.tested[0]
