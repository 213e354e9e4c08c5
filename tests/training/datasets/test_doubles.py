import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from nasflow.base.errors import InvalidSpec
from nasflow.spec.data import DataSpec
from nasflow.training.datasets.data import copies, load_data
from nasflow.training.datasets.doubles import HELD_OUT, TEST, TRAIN, doubles
from nasflow.training.datasets.image_files import FolderImages


def write_noise(folder: Path, count: int = 4) -> Path:
    """So many BMPs of one size (in bytes, too) in each of two classes."""
    draws = np.random.default_rng(len(str(folder)))
    for name in ("ant", "bee"):
        (folder / name).mkdir(parents=True)
        for index in range(count):
            pixels = draws.integers(0, 256, (60, 60, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{index}.bmp")
    return folder


def part(root: Path, *files: str) -> FolderImages:
    """Files of `root`, ants and bees."""
    labels = torch.tensor([int(file.startswith("bee")) for file in files])
    return FolderImages(root, files, labels, classes=2, size=8)


def test_images_of_one_size_are_no_doubles(tmp_path: Path) -> None:
    """Neither are two that have their middle in common."""
    root = write_noise(tmp_path)
    changed = bytearray((root / "ant/0.bmp").read_bytes())
    changed[-1] ^= 1
    (root / "ant/1.bmp").write_bytes(changed)
    both = {TRAIN: part(root, "ant/0.bmp", "ant/2.bmp", "bee/0.bmp"), TEST: part(root, "ant/1.bmp")}
    assert list(doubles(both)) == []


def test_a_copy_in_one_class_of_one_part_is_no_trouble(tmp_path: Path) -> None:
    """It counts twice, and misleads nobody."""
    root = write_noise(tmp_path)
    shutil.copy(root / "ant/0.bmp", root / "ant/copy.bmp")
    assert list(doubles({TRAIN: part(root, "ant/0.bmp", "ant/copy.bmp", "bee/0.bmp")})) == []


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ((TRAIN, HELD_OUT), "1 held-out image is trained on, too"),
        ((HELD_OUT, TEST), "1 test image is among the others, too"),
        ((TRAIN, TEST), "1 test image is among the others, too"),
    ],
)
def test_a_copy_in_two_parts(parts: tuple[str, str], said: str, tmp_path: Path) -> None:
    """Links count as copies: both files are named."""
    root = write_noise(tmp_path)
    (root / "ant/link.bmp").symlink_to(root / "ant/0.bmp")
    files = dict(zip(parts, ("ant/0.bmp", "ant/link.bmp"), strict=True))
    (remark,) = doubles({name: part(root, file) for name, file in files.items()})
    assert remark.startswith(f"{root}/ant/0.bmp and {root}/ant/link.bmp are the same byte for byte; {said}: ")


def test_a_copy_in_two_classes(tmp_path: Path) -> None:
    """No network can tell them apart, so that is said too."""
    root = write_noise(tmp_path)
    for number in (0, 1):
        shutil.copy(root / f"ant/{number}.bmp", root / f"bee/{number}.bmp")
    files = [f"{name}/{number}.bmp" for name in ("ant", "bee") for number in range(4)]
    (remark,) = doubles({TRAIN: part(root, *files)})
    assert remark.startswith(
        f"{root}/ant/0.bmp and {root}/bee/0.bmp are the same byte for byte; 2 images are"
    )
    assert "in two classes" in remark


def test_all_parts_of_a_folder_are_looked_at(tmp_path: Path) -> None:
    """Also where nasflow parts it; only what is used: images that are left out of training are no trouble."""
    root = write_noise(tmp_path, 20)
    spec = DataSpec(name="image-folder", path=str(root), size=8, held_out=8)
    assert copies(load_data(spec)) == ()
    for file in sorted((root / "ant").iterdir()):
        shutil.copy(file, file.with_stem(f"copy of {file.stem}"))
    said = copies(load_data(spec))
    assert ["test image" in each for each in said] == [True, False]
    assert ["held-out image" in each for each in said] == [False, True]


def test_images_that_are_no_files(tmp_path: Path) -> None:
    """The known data sets are what they are."""
    assert copies(load_data(DataSpec(name="digits", held_out=200))) == ()


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    """One line with its name."""
    with pytest.raises(InvalidSpec, match=r"lost\.bmp: cannot be read"):
        list(doubles({TRAIN: part(tmp_path, "ant/lost.bmp")}))
