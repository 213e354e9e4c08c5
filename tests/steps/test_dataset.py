import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from tests.steps.samples import config, documents, open_archive
from tests.training.datasets.small import noise, write_idx

from nasflow.base.errors import BlobDamaged, Conflict, DataSetMissing, InvalidSpec
from nasflow.search.schedule import Propose
from nasflow.spec.child import ChildSpec
from nasflow.spec.data import DataFacts, DataSetRecord
from nasflow.steps import dataset
from nasflow.steps.begin import begin, reopen
from nasflow.steps.dataset import located, upload
from nasflow.steps.execute import execute, tasks_of
from nasflow.steps.images import _load, load_test_images, training_data
from nasflow.steps.keys import data_set_key, start_key
from nasflow.steps.leftovers import find_leftovers
from nasflow.store import Store, blob_key, put_blob


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pods unpack below their own /tmp; nothing is remembered from another test."""
    (tmp_path / "pod").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "pod"))
    _load.cache_clear()


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A small Fashion-MNIST, test part included."""
    for part, count in (("train", 400), ("t10k", 60)):
        labels = (np.arange(count) % 10).astype(np.uint8)
        write_idx(tmp_path / "fashion", part, noise(count, 28, 28, seed=count), labels)
    return tmp_path / "fashion"


@pytest.fixture
def store(tmp_path: Path, images: Path) -> Path:
    """A store with a search that has begun on `images`, and with the images themselves."""
    archive = open_archive(tmp_path / "store")
    data = {"name": "fashion-mnist", "path": str(images), "held_out": 100, "train_images": 150}
    begin(archive, config(data=data))
    upload(archive, facts(tmp_path / "store"))
    return tmp_path / "store"


def facts(store: Path) -> DataFacts:
    """What the search knows of its images."""
    return open_archive(store).read(start_key("tiny"), ChildSpec).data


def test_a_pod_without_the_files(store: Path, images: Path) -> None:
    """Where the path is not, the store's copy gives the same images, training and test part."""
    here = training_data(open_archive(store), facts(store))
    shutil.rmtree(images)
    _load.cache_clear()
    there = training_data(open_archive(store), facts(store))
    assert there.facts.identity() == here.facts.identity()
    assert (there.held_out.labels == here.held_out.labels).all()
    assert len(load_test_images(open_archive(store), facts(store))) == 60


def test_without_its_test_part(tmp_path: Path, images: Path) -> None:
    """A data set that the finish could not use is not uploaded."""
    archive = open_archive(tmp_path / "other")
    data = {"name": "fashion-mnist", "path": str(images), "held_out": 100}
    begin(archive, config(data=data))
    (images / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(DataSetMissing, match="no test part"):
        upload(archive, facts(tmp_path / "other"))


def test_uploaded_once(store: Path) -> None:
    """A second upload writes nothing."""
    before = documents(open_archive(store))
    upload(open_archive(store), facts(store))
    assert documents(open_archive(store)) == before


def test_nothing_of_an_upload_is_left_over(
    tmp_path: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever tidies the store meanwhile, though it takes long, finds each pack named."""
    archive = open_archive(tmp_path / "other")
    begin(archive, config(data={"name": "fashion-mnist", "path": str(images), "held_out": 100}))
    seen: list[frozenset[str]] = []

    def put(store: Store, data: bytes) -> str:
        digest = put_blob(store, data)
        seen.append(find_leftovers(archive).blobs)
        return digest

    monkeypatch.setattr(dataset, "put_blob", put)
    upload(archive, facts(tmp_path / "other"))
    assert seen
    assert not any(seen)


def test_an_upload_that_was_cut_off(store: Path, images: Path, tmp_path: Path) -> None:
    """Is no copy: what lacks it is told so, and the same command again makes it whole."""
    archive = open_archive(store)
    record = archive.read(data_set_key(facts(store).files), DataSetRecord)
    archive.store.delete(blob_key(record.packs[0]))
    images.rename(tmp_path / "elsewhere")
    with pytest.raises(DataSetMissing, match="its files are neither in"):
        located(open_archive(store), facts(store))
    known = {"name": "fashion-mnist", "held_out": 100, "train_images": 150}
    with pytest.raises(Conflict, match="bring them back there"):
        begin(open_archive(store), config(data=known | {"path": str(tmp_path / "elsewhere")}))
    (tmp_path / "elsewhere").rename(images)
    assert upload(open_archive(store), facts(store)) == record
    assert archive.store.exists(blob_key(record.packs[0]))


def test_files_that_change_while_they_are_read(
    tmp_path: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Are not uploaded as if they had not."""
    archive = open_archive(tmp_path / "other")
    begin(archive, config(data={"name": "fashion-mnist", "path": str(images), "held_out": 100}))
    monkeypatch.setattr(dataset, "put_blob", lambda store, data: put_blob(store, data + b"more"))
    with pytest.raises(DataSetMissing, match="have changed since they were first read"):
        upload(archive, facts(tmp_path / "other"))


def test_a_search_goes_on_without_its_folder(store: Path, images: Path) -> None:
    """Its networks are trained on the store's copy, and the configuration may name another path."""
    shutil.rmtree(images)
    data = {"name": "fashion-mnist", "path": "/elsewhere", "held_out": 100, "train_images": 150}
    begin(open_archive(store), config(data=data))
    (start,) = tasks_of(open_archive(store), "tiny")
    execute(open_archive(store), "tiny", start)
    assert tasks_of(open_archive(store), "tiny") == (Propose(1),)
    assert len(load_test_images(open_archive(store), facts(store))) == 60


def test_another_test_part(store: Path, images: Path) -> None:
    """A search goes on with the test images that it began with, or not at all; another one may begin with
    others, and has its own copy of them.
    """
    before = facts(store)
    write_idx(images, "t10k", noise(60, 28, 28, seed=9), np.zeros(60, np.uint8))
    said = "not the test images that the search began with: bring them back"
    with pytest.raises(InvalidSpec, match=said):
        load_test_images(open_archive(store), before)
    with pytest.raises(InvalidSpec, match=said):
        reopen(open_archive(store), "tiny")
    data = {"name": "fashion-mnist", "path": str(images), "held_out": 100, "train_images": 150}
    begin(open_archive(store), config(name="other", data=data))
    after = open_archive(store).read(start_key("other"), ChildSpec).data
    assert after.identity() == before.identity()
    upload(open_archive(store), after)
    shutil.rmtree(images)
    for known, labels in ((before, 10), (after, 1)):
        _load.cache_clear()
        assert len(set(load_test_images(open_archive(store), known).labels.tolist())) == labels


def test_what_an_older_nasflow_began(store: Path, images: Path) -> None:
    """Of its test images nothing is known."""
    write_idx(images, "t10k", noise(60, 28, 28, seed=9), np.zeros(60, np.uint8))
    older = facts(store).model_copy(update={"test": None})
    assert len(load_test_images(open_archive(store), older)) == 60


def test_neither_here_nor_there(tmp_path: Path, images: Path) -> None:
    """Without files and without a copy, one line names both remedies."""
    archive = open_archive(tmp_path / "other")
    data = {"name": "fashion-mnist", "path": str(images), "held_out": 100}
    begin(archive, config(data=data))
    shutil.rmtree(images)
    with pytest.raises(DataSetMissing, match="bring them back, or make it a link"):
        located(open_archive(tmp_path / "other"), facts(tmp_path / "other"))


def test_a_damaged_copy(store: Path, images: Path, tmp_path: Path) -> None:
    """A pack whose digest does not fit is refused, and nothing of it is unpacked."""
    shutil.rmtree(images)
    record = open_archive(store).read(data_set_key(facts(store).files), DataSetRecord)
    (store / blob_key(record.packs[0])).write_bytes(b"something else")
    with pytest.raises(BlobDamaged):
        training_data(open_archive(store), facts(store))
    assert not list((tmp_path / "pod").rglob("*.gz"))
