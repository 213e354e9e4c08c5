"""What pip makes of the repository: one package, two of whose rooms stand at the top of the repository."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from subprocess import PIPE
from tempfile import TemporaryDirectory

import pytest

import nasflow.components
import nasflow.pipelines

ROOT = Path(__file__).parents[1]
HOMES = {
    "src/nasflow": "nasflow",
    "components": "nasflow/components",
    "pipelines": "nasflow/pipelines",
    "examples": "nasflow/examples",
}
"""Folders of the repository, and what they are called in the wheel."""

PARTS = (
    "pyproject.toml",
    "setup.py",
    "README.md",
    "LICENSE",
    "src",
    "components",
    "pipelines",
    "examples",
)
"""All that a wheel is made from, see images/Dockerfile."""

BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, made from a copy."""
    folder = tmp_path_factory.mktemp("copy")
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, folder / part)
    subprocess.run([sys.executable, "-c", BUILD, "dist"], cwd=folder, check=True, capture_output=True)
    (made,) = (folder / "dist").glob("nasflow-*.whl")
    return made


def test_every_file_is_in_the_wheel(wheel: Path) -> None:
    """The wheel holds each file of the package at its place, and nothing else of it."""
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("nasflow/")}
    assert packed == {f"{home}/{name}" for folder, home in HOMES.items() for name in files(ROOT / folder)}


@pytest.mark.long
def test_the_wheel_is_enough(wheel: Path, tmp_path: Path) -> None:
    """In an environment that has nothing else, and an empty folder, it brings an example and searches."""
    # Five gigabytes, which pytest would keep.
    with TemporaryDirectory(dir=tmp_path) as place:
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        pip = (f"{place}/bin/python", "-m", "pip", "install", "--quiet", "--constraint")
        subprocess.run([*pip, str(ROOT / "constraints.txt"), str(wheel)], check=True)
        folder = tmp_path / "empty"
        folder.mkdir()

        def nasflow(*arguments: str) -> str:
            command, bare = [f"{place}/bin/nasflow", *arguments], {"PATH": "/usr/bin:/bin"}
            return subprocess.run(command, cwd=folder, env=bare, check=True, stdout=PIPE, text=True).stdout

        nasflow("init", "--example", "digits", "digits.yaml")
        few = (folder / "digits.yaml").read_text().replace("children: 20", "children: 3")
        (folder / "few.yaml").write_text(few)
        assert "test       " in nasflow("search", "few.yaml")
        assert nasflow("list").split()[:2] == ["digits", "finished"]


def test_the_licence_goes_with_it() -> None:
    """Whoever has the wheel may know what he may do with it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (ROOT / "LICENSE").read_text().startswith(f"{project['license']} License")
    assert project["license-files"] == ["LICENSE"]


def test_changes_are_told() -> None:
    """Each file of changes/ is of a kind that the next version's list has, and stands in it."""
    run = subprocess.run(
        [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "9"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    told = " ".join(run.stdout.split())
    fragments = [each for each in (ROOT / "changes").iterdir() if each.name != "README.md"]
    for each in fragments:
        assert " ".join(each.read_text().split()) in told, each


def test_a_file_has_one_path() -> None:
    """No part of the package is a link, and an editable install imports each room from where it stands."""
    assert not [path for folder in HOMES for path in (ROOT / folder).rglob("*") if path.is_symlink()]
    assert Path(nasflow.components.__file__) == ROOT / "components/__init__.py"
    assert Path(nasflow.pipelines.__file__) == ROOT / "pipelines/__init__.py"


def test_the_image_is_made_from_the_same() -> None:
    """What the wheel is made from is copied into the image, and not kept from it."""
    dockerfile = (ROOT / "images/Dockerfile").read_text()
    copied = {
        name for line in dockerfile.splitlines() if line.startswith("COPY ") for name in line.split()[1:-1]
    }
    assert set(PARTS) <= copied
    assert {f"!{part}" for part in PARTS} <= set((ROOT / ".dockerignore").read_text().splitlines())


def files(room: Path) -> list[Path]:
    """The files below a folder by their paths in it, but for leftovers of Python and pages for people."""
    found = (path.relative_to(room) for path in room.rglob("*") if path.is_file())
    return [path for path in found if path.suffix != ".md" and "__pycache__" not in path.parts]
