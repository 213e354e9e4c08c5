import io
import tarfile
from pathlib import Path

import pytest

from nasflow.base.errors import InvalidSpec
from nasflow.spec.data import DataSpec
from nasflow.training.datasets.folder import IMAGE_FOLDER
from nasflow.training.datasets.packs import pack_files, unpack_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An image-folder's files, and something beside them that is none of it."""
    root = tmp_path / "images"
    for part in ("train", "test"):
        for name in ("cat", "dog"):
            (root / part / name).mkdir(parents=True)
            for number in range(3):
                (root / part / name / f"{number}.png").write_bytes(f"{part}{name}{number}".encode())
    (root / "notes.txt").write_text("not an image")
    return root


def spec(root: Path) -> DataSpec:
    """The folder as a configuration names it."""
    return DataSpec(name="image-folder", path=str(root), size=8, held_out=2)


def contents(root: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def test_there_and_back(folder: Path, tmp_path: Path) -> None:
    """Unpacked elsewhere, the data set's files are the same bytes, and no other file has come along."""
    names = IMAGE_FOLDER.files(spec(folder))
    unpack_files(pack_files(folder, names), tmp_path / "there")
    expected = contents(folder)
    del expected["notes.txt"]
    assert contents(tmp_path / "there") == expected


def test_packs_are_small_and_the_same_everywhere(folder: Path) -> None:
    """No pack holds more than it should, and the same files pack to the same bytes at any time."""
    names = IMAGE_FOLDER.files(spec(folder))
    packs = list(pack_files(folder, names, size=30))
    assert len(packs) > 3
    for file in folder.rglob("*.png"):
        file.touch()
    assert list(pack_files(folder, names, size=30)) == packs


def test_a_broken_pack_leaves_nothing(tmp_path: Path) -> None:
    """A pack that is no archive is one clear line, and no half data set stays."""
    with pytest.raises(InvalidSpec, match="cannot be unpacked"):
        unpack_files([b"no archive"], tmp_path / "there")
    assert list(tmp_path.iterdir()) == []


def test_a_pack_cannot_write_elsewhere(tmp_path: Path) -> None:
    """A name that leaves the folder is refused."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("../outside")
        entry.size = 1
        archive.addfile(entry, io.BytesIO(b"x"))
    with pytest.raises(InvalidSpec):
        unpack_files([buffer.getvalue()], tmp_path / "deep" / "there")
    assert not list(tmp_path.rglob("outside"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_a_pack_has_files_alone(kind: bytes, tmp_path: Path) -> None:
    """A link could lead elsewhere, and nothing but files is ever packed."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo("train")
        entry.type, entry.linkname = kind, "/etc"
        archive.addfile(entry)
    with pytest.raises(InvalidSpec, match="'train' is no file inside the data set"):
        unpack_files([buffer.getvalue()], tmp_path / "there")


def test_whoever_unpacks_first_wins(folder: Path, tmp_path: Path) -> None:
    """A second unpacking leaves the first one's files as they are."""
    names = IMAGE_FOLDER.files(spec(folder))
    unpack_files(pack_files(folder, names), tmp_path / "there")
    before = contents(tmp_path / "there")
    unpack_files([b"never read"], tmp_path / "there")
    assert contents(tmp_path / "there") == before
