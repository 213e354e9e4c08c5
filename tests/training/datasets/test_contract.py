"""What every data set promises."""

from pathlib import Path

import pytest
import torch
from tests.training.datasets.small import SMALL, is_test_file
from torch import Tensor

from nasflow.base.errors import DataSetMissing, InvalidSpec
from nasflow.spec.data import DATA_SETS, DataSpec
from nasflow.training.datasets.images import DataSetPart
from nasflow.training.datasets.packs import pack_files, unpack_files
from nasflow.training.datasets.protocol import DataSet
from nasflow.training.datasets.registry import data_set

every = pytest.mark.parametrize("name", DATA_SETS)


@pytest.fixture
def spec(name: str, tmp_path: Path) -> DataSpec:
    """The small one of this name, its files in a folder of their own."""
    return SMALL[name](tmp_path / "files")


@pytest.fixture
def images(spec: DataSpec) -> DataSet:
    """What reads it."""
    return data_set(spec)


@pytest.fixture
def files(images: DataSet, spec: DataSpec) -> list[str]:
    """The names of its files; one that comes with a package, or is made, has no folder for them."""
    if spec.path is None:
        pytest.skip(f"{spec.name} has no files")
    return list(images.files(spec))


def both(images: DataSet, spec: DataSpec) -> tuple[DataSetPart, DataSetPart]:
    """The training and the test part."""
    return images.read_train(spec), images.read_test(spec)


def pixels(part: DataSetPart) -> Tensor:
    """All images of a part."""
    return part.batch(torch.arange(len(part)))


def remove(root: Path, names: list[str]) -> None:
    """Delete files, and the folders that held nothing else."""
    for name in names:
        (root / name).unlink()
        for folder in (root / name).relative_to(root).parents:
            if folder.name and not any((root / folder).iterdir()):
                (root / folder).rmdir()


@every
def test_images_and_labels(images: DataSet, spec: DataSpec) -> None:
    """Pixels are bytes, squares of one size in both parts; each image has one of the classes."""
    train, test = both(images, spec)
    shape = pixels(train).shape
    assert shape[2] == shape[3] == (spec.size or shape[3])
    for part in (train, test):
        assert (pixels(part).dtype, pixels(part).shape) == (torch.uint8, (len(part), *shape[1:]))
        assert (part.labels.dtype, part.labels.shape) == (torch.int64, (len(part),))
        assert part.labels.min() >= 0
        assert part.labels.max() < part.classes
    assert test.classes == train.classes


@every
def test_no_image_is_in_both_parts(images: DataSet, spec: DataSpec) -> None:
    """No test image can have been trained on, whatever the split's seed."""
    train, test = ({image.numpy().tobytes() for image in pixels(part)} for part in both(images, spec))
    assert len(train | test) == len(train) + len(test)
    other = images.read_test(spec.model_copy(update={"seed": 1}))
    assert {image.numpy().tobytes() for image in pixels(other)} == test


@every
def test_the_same_images_each_time(images: DataSet, spec: DataSpec) -> None:
    """Read twice, both parts are the same to the last bit, and so are their fingerprints."""
    for first, again in zip(both(images, spec), both(images, spec), strict=True):
        assert first.fingerprint() == again.fingerprint()
        assert torch.equal(pixels(first), pixels(again))
        assert torch.equal(first.labels, again.labels)


@every
def test_some_of_its_images(images: DataSet, spec: DataSpec) -> None:
    """A choice of images has these and their labels, in the order that was asked for."""
    train = images.read_train(spec)
    chosen = torch.tensor([5, 0, 5])
    taken = train.take(chosen)
    assert torch.equal(taken.batch(torch.arange(3)), pixels(train)[chosen])
    assert torch.equal(taken.labels, train.labels[chosen])


@every
def test_its_files_are_all_that_is_read(images: DataSet, spec: DataSpec, tmp_path: Path) -> None:
    """Packed and unpacked elsewhere, and here no more, they give the same images."""
    root, names = images.root(spec), images.files(spec)
    assert names == tuple(sorted(set(names)))
    here = [part.fingerprint() for part in both(images, spec)]
    unpack_files(pack_files(root, names), tmp_path / "there")
    if names:
        remove(root, list(names))
    there = spec.model_copy(update={"path": str(tmp_path / "there")})
    assert images.is_here(there)
    assert images.has_test_part(there)
    assert images.files(there) == names
    assert [part.fingerprint() for part in both(images, there)] == here


@every
def test_the_test_part_is_apart(images: DataSet, spec: DataSpec, files: list[str]) -> None:
    """Without its test files the training part is the same; it is said that they miss, with the remedy."""
    whole = images.read_train(spec).fingerprint()
    remove(images.root(spec), [name for name in files if is_test_file(name)])
    assert images.is_here(spec)
    assert not images.has_test_part(spec)
    assert images.read_train(spec).fingerprint() == whole
    with pytest.raises(DataSetMissing, match=r"data\.path") as caught:
        images.read_test(spec)
    assert "\n" not in str(caught.value)


@every
def test_missing_files_come_with_the_remedy(images: DataSet, spec: DataSpec, files: list[str]) -> None:
    """Whoever has none of the files is told in one line what `data.path` has to be."""
    remove(images.root(spec), files)
    assert not images.is_here(spec)
    assert images.files(spec) == ()
    for read in (images.read_train, images.read_test):
        with pytest.raises(DataSetMissing, match=r"data\.path") as caught:
            read(spec)
        assert "\n" not in str(caught.value)


@every
def test_each_broken_file_is_named(images: DataSet, spec: DataSpec, files: list[str]) -> None:
    """A file of another kind is refused in one line that names it, when its part is read or decoded."""
    for name in files:
        file = images.root(spec) / name
        content = file.read_bytes()
        file.write_bytes(b"broken")
        with pytest.raises(InvalidSpec) as caught:
            pixels((images.read_test if is_test_file(name) else images.read_train)(spec))
        assert str(file) in str(caught.value)
        assert "\n" not in str(caught.value)
        file.write_bytes(content)


def test_every_data_set_is_held_to_this() -> None:
    """There is a small one of each."""
    assert SMALL.keys() == DATA_SETS.keys()
