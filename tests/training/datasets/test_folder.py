import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from PIL import Image

from nasflow.base.errors import DataSetMissing, InvalidSpec
from nasflow.spec.data import DataSpec
from nasflow.training.datasets.data import check_test, load_data, load_test
from nasflow.training.datasets.folder import IMAGE_FOLDER
from nasflow.training.datasets.image_files import FolderImages

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


def test_other_files_are_passed_over(spec: DataSpec, tmp_path: Path) -> None:
    """A text file or a hidden file among the images changes nothing."""
    before = load_data(spec).facts
    (tmp_path / "train" / "ant" / "README.txt").write_text("ants")
    (tmp_path / "train" / "ant" / "._1.png").write_text("left by some archiver")
    assert load_data(spec).facts == before


def test_what_is_passed_over_is_told(spec: DataSpec, tmp_path: Path) -> None:
    """How many files, by their endings; and what is read."""
    assert load_data(spec).remarks == ()
    for name in ("x.heic", "y.HEIC", "notes"):
        (tmp_path / "train" / "ant" / name).touch()
    (remark,) = load_data(spec).remarks
    said = f"{tmp_path}/train: 3 files are passed over (2 of .heic, 1 of no ending): .avif, .bmp"
    assert remark.startswith(said)


def test_folders_in_a_class(spec: DataSpec, tmp_path: Path) -> None:
    """Images in folders of a class's folder are its own, hidden ones apart; a circle of links has an end."""
    ants = tmp_path / "train" / "ant"
    write_images(ants / "red", count=1)
    (ants / ".thumbnails").mkdir()
    shutil.copy(ants / "0.png", ants / ".thumbnails")
    (ants / "again").symlink_to(tmp_path / "train" / "ant")
    part = IMAGE_FOLDER.read_train(spec)
    assert part.labels.tolist() == [0] * 8 + [1] * 6
    assert load_data(spec).facts.train_images == 10
    assert "train/ant/red/bee/0.png" in IMAGE_FOLDER.files(spec)


def test_uneven_classes_are_told(spec: DataSpec, tmp_path: Path) -> None:
    """Five times as many images of one class as of another make accuracy say little."""
    for index in range(24):
        ants = tmp_path / "train" / "ant"
        shutil.copy(ants / "0.png", ants / f"more-{index}.png")
    (remark,) = load_data(spec).remarks
    assert "class 'bee' has 6 images and 'ant' 30: who always names the large one is right on 83 %" in remark


def test_a_class_of_one_image(spec: DataSpec, tmp_path: Path) -> None:
    """It cannot be both trained on and held out: its folder is named."""
    (tmp_path / "train" / "cat").mkdir()
    shutil.copy(tmp_path / "train" / "ant" / "0.png", tmp_path / "train" / "cat")
    with pytest.raises(InvalidSpec, match="train/cat: 1 image inside, and 2 are needed"):
        load_data(spec)


def test_names_that_are_no_text(spec: DataSpec, tmp_path: Path) -> None:
    """A file whose name is not UTF-8 is an image like any other."""
    ants = os.fsencode(tmp_path / "train" / "ant")
    shutil.copy(ants + b"/0.png", ants + b"/caf\xe9.png")
    assert load_data(spec).facts.train_images == 9


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_is_closed(spec: DataSpec, tmp_path: Path) -> None:
    """It is named, and not passed over."""
    (tmp_path / "train" / "ant").chmod(0)
    with pytest.raises(InvalidSpec, match=r"train/ant: cannot be read \(Permission denied\)"):
        load_data(spec)


@pytest.mark.parametrize("kind", ["nowhere", "itself", "pipe"])
def test_what_calls_itself_an_image_and_is_no_file(kind: str, spec: DataSpec, tmp_path: Path) -> None:
    """A link to nothing or to itself, a pipe, which would be waited for: each is named in one line."""
    odd = tmp_path / "train" / "ant" / "zz.png"
    os.mkfifo(odd) if kind == "pipe" else odd.symlink_to("nowhere" if kind == "nowhere" else odd.name)
    for look in (lambda: IMAGE_FOLDER.read_train(spec).fingerprint(), lambda: load_data(spec)):
        with pytest.raises(InvalidSpec, match=r"train/ant/zz\.png: .*: replace or remove it"):
            look()


def test_somebody_without_a_home(spec: DataSpec) -> None:
    """Is told."""
    with pytest.raises(InvalidSpec, match="~nobody-at-all is no user with a home"):
        load_data(spec.model_copy(update={"path": "~nobody-at-all/images"}))


def test_a_test_part_that_is_no_good(spec: DataSpec, tmp_path: Path) -> None:
    """What the finish would stumble over is found beforehand: no test part, its classes, a broken image."""
    with pytest.raises(DataSetMissing, match="test/<class>/"):
        check_test(spec)
    write_images(tmp_path / "test", count=2)
    check_test(spec)
    (tmp_path / "test" / "ant" / "0.png").write_bytes(b"no image")
    with pytest.raises(InvalidSpec, match=r"test/ant/0.png: no image that can be read"):
        check_test(spec)
    (tmp_path / "test" / "ant" / "0.png").unlink()
    (tmp_path / "test" / "ant" / "1.JPEG").unlink()
    with pytest.raises(InvalidSpec, match="test/ant: no image inside"):
        check_test(spec)


def test_two_classes_that_look_alike(spec: DataSpec, tmp_path: Path) -> None:
    """One name in two spellings of Unicode would be two classes that nobody can tell apart."""
    for name in ("caf\u00e9", "cafe\u0301"):
        (tmp_path / "train" / name).mkdir()
    with pytest.raises(InvalidSpec, match="in two spellings that look alike: make them one"):
        load_data(spec)


@pytest.mark.long
def test_pillow_says_nothing(spec: DataSpec, tmp_path: Path) -> None:
    """An image so large that Pillow would warn of it is read without a word."""
    Image.new("1", (10_000, 9_000)).save(tmp_path / "train" / "ant" / "0.png")
    code = (
        "import sys, torch; from nasflow.spec.data import DataSpec; from nasflow.training.datasets.registry "
        "import data_set; spec = DataSpec.model_validate_json(sys.argv[1]); "
        "images = data_set(spec).read_train(spec); print(images.batch(torch.arange(len(images))).shape[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, spec.model_dump_json()], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) == 12
    assert done.stderr == ""


def test_images_of_one_colour(tmp_path: Path) -> None:
    """Where all pixels of all training images are the same, there is nothing to be learned."""
    for name in ("ant", "bee"):
        (tmp_path / "train" / name).mkdir(parents=True)
        for index in range(4):
            file = tmp_path / "train" / name / f"{index}.png"
            Image.new("RGBA", (9, 9), (255, 255, 255, 40 * index)).save(file)
    with pytest.raises(InvalidSpec, match="all pixels of all training images are the same"):
        load_data(DataSpec(name="image-folder", path=str(tmp_path), size=8, held_out=2))


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
    for name, said in (
        ("nowhere", f"there is no folder {tmp_path}/nowhere: "),
        ("train/ant", f"{tmp_path}/train/ant has images, and no folders of classes: "),
        ("empty", f"{tmp_path}/empty has no folders inside: "),
    ):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(DataSetMissing, match="train/<class>/") as caught:
            load_data(spec.model_copy(update={"path": str(tmp_path / name)}))
        assert str(caught.value).startswith(said)


def test_a_folder_without_parts(tmp_path: Path) -> None:
    """A fifth of each class, drawn by name, is the test part; others that are added move few of them."""
    write_images(tmp_path, count=10)
    spec = DataSpec(name="image-folder", path=str(tmp_path), size=8, held_out=4)
    check_test(spec)
    train, test = IMAGE_FOLDER.read_train(spec), load_test(spec)
    assert isinstance(train, FolderImages)
    assert isinstance(test, FolderImages)
    assert (len(train), test.labels.tolist()) == (16, [0, 0, 1, 1])
    assert set(train.files) | set(test.files) == set(IMAGE_FOLDER.files(spec))
    assert not set(train.files) & set(test.files)
    assert "no train/ and test/ inside, so 4 of 20 images, 20% of each class" in load_data(spec).remarks[0]
    Image.new("RGB", (9, 9)).save(tmp_path / "ant" / "another.png")
    after = load_test(spec)
    assert isinstance(after, FolderImages)
    assert len(set(after.files) - set(test.files)) <= 1


@pytest.mark.parametrize("names", [("Validation", "training"), ("TEST", "Train")])
def test_a_part_by_another_name(names: tuple[str, str], tmp_path: Path) -> None:
    """Two folders `training` and `Validation`, or `Train` and `TEST`, are not taken for two classes."""
    for name in names:
        write_images(tmp_path / name)
    with pytest.raises(InvalidSpec, match=f"{names[0]}/ looks like a part, no class"):
        load_data(DataSpec(name="image-folder", path=str(tmp_path), size=8, held_out=4))


def test_an_empty_class_is_refused(spec: DataSpec, tmp_path: Path) -> None:
    """A class without images is named."""
    (tmp_path / "train" / "cat").mkdir()
    with pytest.raises(InvalidSpec, match="cat: no image inside"):
        load_data(spec)


def test_all_broken_images_are_named(spec: DataSpec, tmp_path: Path) -> None:
    """Also those that nobody has asked for yet: who mends one after the other waits once for each."""
    for number in (0, 1, 3):
        (tmp_path / "train" / "bee" / f"{number}.png").write_bytes(b"no image")
    with pytest.raises(InvalidSpec) as caught:
        load_data(spec)
    names = "bee/0.png, bee/1.png, bee/3.png"
    assert str(caught.value) == f"{tmp_path}/train: 3 images cannot be read: replace or remove {names}"


def test_a_part_that_is_not_read(spec: DataSpec, tmp_path: Path) -> None:
    """Of test/ and val/ one is the test part: who has both hears which."""
    write_images(tmp_path / "val")
    assert load_data(spec).remarks == ()
    write_images(tmp_path / "test")
    (remark,) = load_data(spec).remarks
    assert remark.startswith(f"{tmp_path}/val is not read: test/ is the test part")
