"""What pip makes of the repository: one package, two of whose rooms stand at the top of the repository."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

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


def test_every_file_is_in_the_wheel(tmp_path: Path) -> None:
    """The wheel holds each file of the package at its place, and nothing else of it."""
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, tmp_path / part)
    subprocess.run([sys.executable, "-c", BUILD, "dist"], cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("nasflow-*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("nasflow/")}
    assert packed == {f"{home}/{name}" for folder, home in HOMES.items() for name in files(tmp_path / folder)}


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
