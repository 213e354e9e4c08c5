import gzip
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.training.datasets.small import idx, noise, write_idx

from nasflow.base.errors import DataSetMissing, InvalidSpec
from nasflow.spec.data import DataSpec
from nasflow.training.datasets.data import load_data, load_test
from nasflow.training.datasets.fashion import FASHION_MNIST

IMAGES, LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
PIXELS = noise(100, 28, 28)
CLASSES = (np.arange(100) % 10).astype(np.uint8)


@pytest.fixture
def spec(tmp_path: Path) -> DataSpec:
    """A training part of 100 images, and no test part."""
    write_idx(tmp_path, "train", PIXELS, CLASSES)
    return DataSpec(name="fashion-mnist", path=str(tmp_path), held_out=20)


def test_images_and_labels_are_those_of_the_files(spec: DataSpec) -> None:
    """Every image comes out with its own label; the test files need not even be there."""
    data = load_data(spec)
    known = {PIXELS[index].tobytes(): int(CLASSES[index]) for index in range(100)}
    for part in (data.train, data.held_out):
        batch = part.batch(torch.arange(len(part)))
        assert [known[image.numpy().tobytes()] for image in batch] == part.labels.tolist()


def test_the_test_part_is_read_apart(spec: DataSpec, tmp_path: Path) -> None:
    """Broken test files are no matter for load_data, and refused by load_test."""
    for name in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        (tmp_path / name).write_bytes(b"broken")
    assert len(load_data(spec).train) == 80
    with pytest.raises(InvalidSpec, match=r"t10k-images-idx3-ubyte.gz: cannot be unpacked"):
        load_test(spec)


def test_missing_files_come_with_the_command(tmp_path: Path) -> None:
    """Whoever lacks the files is told the command that installs them."""
    with pytest.raises(DataSetMissing, match="apt-get install dataset-fashion-mnist"):
        load_data(DataSpec(name="fashion-mnist", path=str(tmp_path), held_out=20))


def test_files_of_others_are_not_named(spec: DataSpec, tmp_path: Path) -> None:
    """All of its files that are there are named, and nothing else in their folder is."""
    for name in ("t10k-labels-idx1-ubyte.gz", "other.gz"):
        (tmp_path / name).write_bytes(b"")
    assert FASHION_MNIST.root(spec) == tmp_path
    assert FASHION_MNIST.files(spec) == ("t10k-labels-idx1-ubyte.gz", IMAGES, LABELS)
    assert not FASHION_MNIST.has_test_part(spec)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param(IMAGES, gzip.compress(idx(PIXELS))[:-500], "cannot be unpacked", id="cut off"),
        pytest.param(IMAGES, gzip.compress(idx(PIXELS)[:-1]), "fetch it again", id="a pixel short"),
        pytest.param(
            IMAGES, gzip.compress(idx(PIXELS) + b"x"), "its header says 100 items", id="a byte long"
        ),
        pytest.param(IMAGES, gzip.compress(idx(PIXELS)[:5]), "5 bytes are no idx file", id="five bytes"),
        pytest.param(IMAGES, gzip.compress(idx(PIXELS[:, :14])), "not an idx file", id="another shape"),
        pytest.param(IMAGES, gzip.compress(idx(CLASSES)), "not an idx file", id="labels for images"),
        pytest.param(IMAGES, gzip.compress(bytes(60_001 * 784)), "unpacks to more than", id="too large"),
        pytest.param(
            LABELS, gzip.compress(idx(CLASSES[:50])), "50 labels for 100 images", id="too few labels"
        ),
        pytest.param(
            LABELS,
            gzip.compress(idx(CLASSES + 1)),
            "label 10 in a data set of 10 classes",
            id="unknown label",
        ),
    ],
)
def test_broken_files_are_refused(
    spec: DataSpec, tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    """A file that is cut off, too long, of another shape or with unknown labels is named in one line."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidSpec, match=message) as caught:
        load_data(spec)
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)
