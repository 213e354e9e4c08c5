import re
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from tests.networks.strangers import Frozen, PostActivation
from tests.networks.test_adopted import randomised
from tests.steps.samples import TINY, documents, ledger_of, open_archive, run_search, trained
from torchvision.models import ResNet18_Weights, resnet18

from nasflow.base.errors import Conflict, InvalidSpec, TrackingUnavailable
from nasflow.networks.code import _source, written_code
from nasflow.search.config import SearchConfig
from nasflow.search.record import BirthRecord, FailedRecord, TrainedRecord
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive
from nasflow.steps.begin import begin, reopen
from nasflow.steps.child import warm_start
from nasflow.steps.keys import birth_key, record_key, spec_key, start_key
from nasflow.steps.publish import track
from nasflow.store import get_blob
from nasflow.training.tensors import from_bytes

STRANGERS = "tests.networks.strangers"
STRANGER = f"{STRANGERS}:PostActivation"


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A network that somebody has trained, as they have saved it."""
    torch.manual_seed(0)
    network, file = randomised(PostActivation()), tmp_path / "stranger.safetensors"
    save_file(network.state_dict(), file)
    return file


def config(start: Any, **changes: Any) -> SearchConfig:
    """The tiny search from a start that is there, of one round."""
    parts = {key: value for key, value in TINY.items() if key not in {"host", "start", "finish"}}
    finish = {"recipe": {"epochs": 1, "learning_rate": 0.1}, "controls": ()}
    parts |= {"start": start, "finish": finish, "budget": {"children": 2}}
    return SearchConfig.model_validate(parts | changes)


def adopted(weights: Path, **changes: Any) -> SearchConfig:
    """The tiny search from the stranger."""
    return config({"network": STRANGER, "weights": str(weights)}, **changes)


def test_a_search_from_a_network_that_is_there(weights: Path, tmp_path: Path) -> None:
    """It is evaluated as it is, each child is born from it, and two processes find the same."""
    run_search(tmp_path / "store", adopted(weights))
    ledger = ledger_of(tmp_path / "store")
    start = trained(ledger.start)
    assert start.receipt
    assert start.receipt.difference == 0
    assert start.receipt.parent_accuracy == start.accuracy
    assert start.history == ()
    assert "training_loss" not in start.measures
    births = [record.receipt.difference for record in ledger.children if record.receipt]
    assert len(births) == 2
    assert max(births) < 1e-6
    assert ledger.finish
    run_search(tmp_path / "again", adopted(weights))
    same = [documents(open_archive(tmp_path / name), ["attempts"]) for name in ("store", "again")]
    assert same[0] == same[1]


def test_a_start_without_what_is_judged_by(weights: Path, tmp_path: Path) -> None:
    """One that came trained has no training loss: it is a parent all the same, and nothing else."""
    judged = {"objective": "training_loss", "parents": "found"}
    stop = run_search(tmp_path / "store", adopted(weights, **judged, budget={"children": 1}))
    (child,) = ledger_of(tmp_path / "store").children
    assert stop.best == child.child


def test_the_network_is_trained_first_if_that_is_wished(weights: Path, tmp_path: Path) -> None:
    """With a recipe, and with a fresh classifier, it learns the search's images before anything grows."""
    start = {"network": STRANGER, "weights": str(weights), "fresh": "classifier.*", "recipe": {"epochs": 2}}
    run_search(tmp_path / "store", config(start, budget={"children": 1}))
    assert len(trained(ledger_of(tmp_path / "store").start).history) == 2


def test_the_finish_goes_on_from_what_was_found(weights: Path, tmp_path: Path) -> None:
    """With `inherit` the winner and the start network are trained on, not built anew."""
    archive = open_archive(tmp_path / "store")
    finish = {"recipe": {"epochs": 1}, "inherit": True, "controls": ["start"]}
    run_search(tmp_path / "store", adopted(weights, budget={"children": 1}, finish=finish))
    ledger = ledger_of(tmp_path / "store")
    assert ledger.finish
    final = archive.read(spec_key(ledger.finish.final), ChildSpec)
    assert final.parent == ledger.finish.child
    birth = archive.read(birth_key(ledger.finish.final), BirthRecord)
    assert birth.weights == trained(ledger.children[0]).weights
    assert ledger.finals[1].spec.parent == ledger.start_spec.id


def test_begun_again(weights: Path, tmp_path: Path) -> None:
    """The same weights elsewhere are the same search; other weights are another one."""
    archive = open_archive(tmp_path / "store")
    begin(archive, adopted(weights))
    before = documents(archive)
    moved = weights.rename(tmp_path / "moved.safetensors")
    begin(open_archive(tmp_path / "store"), adopted(moved))
    assert documents(open_archive(tmp_path / "store")) == before
    save_file(PostActivation().state_dict(), moved)
    with pytest.raises(Conflict, match="another start"):
        begin(open_archive(tmp_path / "store"), adopted(moved))
    moved.unlink()
    asked = reopen(open_archive(tmp_path / "store"), "tiny").asked()
    with pytest.raises(InvalidSpec, match=r"no such file; `nasflow resume tiny --store .*` goes on without"):
        begin(open_archive(tmp_path / "store"), asked)


def test_cells_that_are_next_to_nothing(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told how little of the network a search would change, once."""
    start = {"network": f"{STRANGERS}:PostActivation", "weights": str(weights), "cells": "depthwise"}
    for said in (1, 0):
        begin(open_archive(tmp_path / "store"), config(start))
        told = capsys.readouterr().err
        assert told.count("cells stand for 1 of 4 convolutions, ") == said
    begin(open_archive(tmp_path / "store"), config(start | {"cells": None}, name="more"))
    assert "cells stand for" not in capsys.readouterr().err


def test_code_that_has_changed(weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is another network: nothing that the old one has trained is taken for it, nor gone on with."""
    monkeypatch.syspath_prepend(tmp_path)
    code = "from tests.networks.strangers import PostActivation\n\nclass Changing(PostActivation):\n    "
    (tmp_path / "changing.py").write_text(f"{code}pass\n")
    archive = open_archive(tmp_path / "store")
    monkeypatch.setenv("NASFLOW_ALLOW_CODE", "changing")
    start = {"network": "changing:Changing", "weights": str(weights)}
    begin(archive, config(start))
    begin(archive, config(start))
    (tmp_path / "changing.py").write_text(f"{code}dropped = 0.1\n")
    _source.cache_clear()
    written_code.cache_clear()
    with pytest.raises(InvalidSpec, match="its code is not what it was when its search began"):
        begin(archive, config(start))
    begin(archive, config(start, name="other"))
    ids = [archive.read(start_key(name), ChildSpec).id for name in ("tiny", "other")]
    assert ids[0] != ids[1]


def test_frozen_layers(tmp_path: Path) -> None:
    """Children keep them as they were brought; what is trained from scratch trains them too."""
    file = tmp_path / "frozen.safetensors"
    save_file(randomised(Frozen()).state_dict(), file)
    archive = open_archive(tmp_path / "store")
    start = {"network": f"{STRANGERS}:Frozen", "weights": str(file)}
    run_search(tmp_path / "store", config(start, budget={"children": 1}))
    ledger = ledger_of(tmp_path / "store")
    assert ledger.final
    assert not trained_roots(archive, ledger.children[0].child)
    assert trained_roots(archive, ledger.final.child)


def trained_roots(archive: Archive, child: str) -> list[str]:
    """Weights of the frozen convolution that are not what they were at the child's birth."""
    birth = archive.read(birth_key(child), BirthRecord).weights
    record = archive.read(record_key(child), TrainedRecord).weights
    before, after = (from_bytes(get_blob(archive.store, each), child)[0] for each in (birth, record))
    root = re.compile(r"network\.grouped\.root\.branches\.\d\.operation\.weight\.weight")
    names = [name for name in before if root.fullmatch(name)]
    assert names
    return [name for name in names if not torch.equal(before[name], after[name])]


@pytest.mark.long
def test_from_a_registered_network(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one search has registered, the next one starts from: its host, its parts, its weights."""
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    before = trained(ledger_of(finished).final)
    track(open_archive(finished), "tiny", uri)
    run_search(tmp_path / "next", config("models:/tiny@challenger", name="next", space={"max_depth": 3}))
    ledger = ledger_of(tmp_path / "next", "next")
    start = trained(ledger.start)
    assert start.parts == before.parts
    assert start.weights == before.weights
    assert start.accuracy == before.accuracy
    assert ledger.finish


@pytest.mark.parametrize(
    ("start", "message"),
    [
        ({"network": STRANGER}, "where are the weights of tests.networks.strangers:PostActivation"),
        (
            {"network": STRANGER, "weights": "nowhere.safetensors"},
            "nowhere.safetensors: there is no such file",
        ),
        ({"network": STRANGER, "weights": __file__}, "no safetensors file, or broken or cut off"),
        ({"network": STRANGER, "cells": "layer*", "weights": "{weights}"}, "fits none of its convolutions"),
        (
            {"network": "tests.networks.strangers:two_outputs", "weights": "{weights}"},
            "gives tuple for two images",
        ),
        (
            {"network": "tests.networks.strangers:locked", "weights": "{weights}"},
            "strangers:locked, which has to be copied: TypeError: cannot pickle",
        ),
        ({"network": "torchvision:resnet18", "weights": "{weights}"}, "'bn1.bias' is missing"),
    ],
    ids=["none", "missing", "broken", "no cells", "no logits", "no copy", "another network"],
)
def test_what_cannot_begin(start: dict[str, str], message: str, weights: Path, tmp_path: Path) -> None:
    """Each in one line, and nothing is written."""
    given = {key: value.format(weights=weights) for key, value in start.items()}
    with pytest.raises(InvalidSpec, match=message) as raised:
        begin(open_archive(tmp_path / "store"), config(given))
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "store").exists()


def test_a_model_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither as the network nor as its weights; and no MLflow is made by asking."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    for start in ("models:/nobody@champion", {"network": STRANGER, "weights": "models:/nobody/1"}):
        with pytest.raises(TrackingUnavailable, match=r"is models:/nobody.* registered there"):
            begin(open_archive(tmp_path / "store"), config(start))
    assert not (tmp_path / "store").exists()


def test_published_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What torchvision has downloaded before is taken; a pickle in its place is not run."""
    file = tmp_path / "hub/checkpoints" / Path(ResNet18_Weights.DEFAULT.url).name
    file.parent.mkdir(parents=True)
    torch.save(resnet18().state_dict(), file)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    start = {"network": "torchvision:resnet18", "fresh": "fc.*", "recipe": {"epochs": 1}}
    begin(open_archive(tmp_path / "store"), config(start))
    with pytest.raises(InvalidSpec, match=r"in start\.fresh"):
        begin(open_archive(tmp_path / "other"), config("torchvision:resnet18"))
    torch.save(PostActivation(), file)
    with pytest.raises(InvalidSpec, match="holds more than weights"):
        begin(open_archive(tmp_path / "other"), config(start))


def test_other_classes_need_a_fresh_classifier(weights: Path, tmp_path: Path) -> None:
    """The remedy is in the message."""
    state = PostActivation().state_dict() | {"classifier.weight": torch.zeros(5, 12)}
    save_file(state, weights)
    with pytest.raises(InvalidSpec, match=r"'classifier.weight' is float32 \[5, 12\].*start.fresh"):
        begin(open_archive(tmp_path / "store"), adopted(weights))


def test_weights_that_are_no_numbers(weights: Path, tmp_path: Path) -> None:
    """A NaN among them ends the search in words: nothing can be held against such a network."""
    state = PostActivation().state_dict()
    next(iter(state.values())).view(-1)[0] = torch.nan
    save_file(state, weights)
    archive = open_archive(tmp_path / "store")
    begin(archive, adopted(weights))
    born = warm_start(archive, ledger_of(tmp_path / "store").start_spec.id)
    assert isinstance(born, FailedRecord)
    assert "logits are not finite" in born.failure
