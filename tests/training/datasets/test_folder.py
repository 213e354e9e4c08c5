from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nasflow.base.errors import DataSetMissing, InvalidSpec
from nasflow.spec.data import DataSpec
from nasflow.training.datasets.data import load_data, load_test
from nasflow.training.datasets.folder import FolderImages, decode

COLOURS = {"ant": (250, 0, 0), "bee": (0, 250, 0)}


def write_images(folder: Path, count: int = 6) -> None:
    """`count` images a class, one colour each, of different sizes and formats."""
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        for index in range(count):
            suffix = ("png", "JPEG", "bmp")[index % 3]
            Image.new("RGB", (20 + index, 30), colour).save(folder / name / f"{index}.{suffix}")


@pytest.fixture
def spec(tmp_path: Path) -> DataSpec:
    """Twelve training images, and no test part."""
    write_images(tmp_path / "train")
    return DataSpec(name="image-folder", path=str(tmp_path), size=8, held_out=4)


def test_images_come_with_their_class(spec: DataSpec) -> None:
    """Classes are the folders in the order of their names; images have the wanted size and three channels."""
    data = load_data(spec)
    batch = data.train.batch(torch.tensor([7, 0]))
    assert batch.shape == (2, 3, 8, 8)
    assert data.train.labels.tolist() == [0] * 4 + [1] * 4
    assert batch[:, :, 4, 4].argmax(1).tolist() == [1, 0]
    assert data.held_out.labels.tolist() == [0, 0, 1, 1]


def test_grey_images_become_rgb(tmp_path: Path) -> None:
    """An image of one channel is given three equal ones."""
    Image.fromarray(np.full((9, 9), 77, dtype=np.uint8)).save(tmp_path / "grey.png")
    assert (decode(tmp_path / "grey.png", 4) == 77).all()


def test_an_oblong_image_is_not_squeezed(tmp_path: Path) -> None:
    """Of an oblong image the middle square is kept."""
    picture = np.zeros((10, 30, 3), dtype=np.uint8)
    picture[:, 10:20] = 200
    Image.fromarray(picture).save(tmp_path / "oblong.png")
    assert (decode(tmp_path / "oblong.png", 10) == 200).all()


def test_other_files_are_passed_over(spec: DataSpec, tmp_path: Path) -> None:
    """A text file or a hidden file among the images changes nothing."""
    before = load_data(spec).facts
    (tmp_path / "train" / "ant" / "README.txt").write_text("ants")
    (tmp_path / "train" / "ant" / "._1.png").write_text("left by some archiver")
    assert load_data(spec).facts == before


def test_the_fingerprint_knows_names_and_sizes(spec: DataSpec, tmp_path: Path) -> None:
    """A renamed file is another data set."""
    before = load_data(spec).facts.fingerprint
    (tmp_path / "train" / "ant" / "0.png").rename(tmp_path / "train" / "ant" / "9.png")
    assert load_data(spec).facts.fingerprint != before


def test_known_facts_spare_the_decoding(spec: DataSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the facts of a child, only one image is decoded to know its shape."""
    facts, decoded = load_data(spec).facts, list[int]()
    real = FolderImages.batch

    def count(images: FolderImages, indices: torch.Tensor) -> torch.Tensor:
        decoded.extend(indices.tolist())
        return real(images, indices)

    monkeypatch.setattr(FolderImages, "batch", count)
    assert load_data(spec, facts).facts == facts
    assert len(decoded) == 1


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n cut off"])
def test_a_broken_image_is_named(spec: DataSpec, tmp_path: Path, content: bytes) -> None:
    """An image that cannot be decoded is named in one line when it is read."""
    file = tmp_path / "train" / "bee" / "3.png"
    file.write_bytes(content)
    with pytest.raises(InvalidSpec) as caught:
        decode(file, 8)
    assert str(caught.value).startswith(f"{file}: no image that can be read")
    assert "\n" not in str(caught.value)


def test_a_cut_off_jpeg_is_named(tmp_path: Path) -> None:
    """A JPEG whose end is missing is refused, not filled up with grey."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.jpg")
    (tmp_path / "cut.jpg").write_bytes((tmp_path / "whole.jpg").read_bytes()[:-2000])
    with pytest.raises(InvalidSpec, match=r"cut.jpg"):
        decode(tmp_path / "cut.jpg", 64)


def test_val_is_a_test_part_too(spec: DataSpec, tmp_path: Path) -> None:
    """The test part may be called val, and its classes have the numbers of the training part."""
    write_images(tmp_path / "val", count=2)
    assert load_test(spec).labels.tolist() == [0, 0, 1, 1]


def test_other_classes_in_the_test_part_are_refused(spec: DataSpec, tmp_path: Path) -> None:
    """A class of the test part that was never trained is named."""
    write_images(tmp_path / "test", count=2)
    (tmp_path / "test" / "cat").mkdir()
    with pytest.raises(InvalidSpec, match="'cat' is in only one of test/ and train/"):
        load_test(spec)


def test_missing_folders_come_with_the_layout(spec: DataSpec, tmp_path: Path) -> None:
    """Whoever lacks a part is told how the folders must look."""
    with pytest.raises(DataSetMissing, match="train/<class>/"):
        load_test(spec)
    with pytest.raises(DataSetMissing, match="train/<class>/"):
        load_data(spec.model_copy(update={"path": str(tmp_path / "nowhere")}))


def test_an_empty_class_is_refused(spec: DataSpec, tmp_path: Path) -> None:
    """A class without images is named."""
    (tmp_path / "train" / "cat").mkdir()
    with pytest.raises(InvalidSpec, match="cat: no image inside"):
        load_data(spec)
