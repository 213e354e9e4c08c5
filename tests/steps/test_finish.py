from pathlib import Path

import pytest
import torch
from mlflow import MlflowClient
from tests.steps.samples import TINY, config, ledger_of, open_archive, run_search, trained

from nasflow.search.controls import CONTROLS, ENDS, Control
from nasflow.steps.images import load_test_images
from nasflow.steps.network import load_network
from nasflow.steps.publish import track
from nasflow.steps.records import write_failure
from nasflow.store import blob_key
from nasflow.tracking import tracking_beside
from nasflow.training.evaluate import logits


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search with every control, and two trainings of each."""
    store = tmp_path_factory.mktemp("whole")
    finish = TINY["finish"] | {"controls": list(CONTROLS), "seeds": 2}
    run_search(store, config(finish=finish, host=TINY["host"] | {"groups": 2}))
    return store


def test_every_control_is_tested(whole: Path) -> None:
    """Each with each seed, beside the found network of its seed; from scratch the found one is itself."""
    ledger = ledger_of(whole)
    assert ledger.finish
    assert ledger.stop
    assert [each.finalist for each in ledger.finish.tested] == list(ledger.stop.finalists)
    assert len(ledger.finish.tested) == 2 * len(CONTROLS)
    assert {each.spec.seed for each in ledger.finals} == {1, 1001}
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


@pytest.mark.long
def test_the_ends_of_a_front_are_registered(tmp_path: Path) -> None:
    """Each under an alias that says what it is best in, the knee as what was chosen."""
    finish = TINY["finish"] | {"controls": []}
    run_search(tmp_path, config(finish=finish, objective={"pareto": ["held_out_loss", "parameters"]}))
    ledger, uri = ledger_of(tmp_path), tracking_beside(str(tmp_path))
    track(open_archive(tmp_path), "tiny", uri)
    assert ledger.final
    wanted = {"challenger": ledger.final.child}
    for end, name in zip(ENDS, ("best-held-out-loss", "best-parameters"), strict=False):
        record = ledger.final_of(end)
        assert record
        wanted[name] = record.child
    client = MlflowClient(uri)
    found = {
        alias: client.get_model_version(name="tiny", version=version).tags["nasflow.child_id"]
        for alias, version in client.get_registered_model("tiny").aliases.items()
    }
    assert found == wanted
