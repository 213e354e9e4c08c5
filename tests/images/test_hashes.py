"""What `make hashes` writes, by pip itself from wheels that are made here."""

import hashlib
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

SCRIPT = Path(__file__).parents[2] / "images" / "hashes.py"


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder with two versions of a package, what it needs, and what stands for setuptools."""
    for name, version, needed in (
        ("given", "2.0", "Requires-Dist: needed\n"),
        ("given", "3.0", ""),
        ("needed", "1.0", ""),
        ("setuptools", "80.0", ""),
    ):
        make_wheel(tmp_path, name, version, needed)
    (tmp_path / "requirements.txt").write_text("given>=1\n")
    (tmp_path / "constraints.txt").write_text("given==2.0\nunwanted==1.0\n")
    return tmp_path


def make_wheel(folder: Path, name: str, version: str, needed: str) -> None:
    """The least that pip takes for a wheel."""
    facts = f"{name}-{version}.dist-info"
    with ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(
            f"{facts}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needed}"
        )
        file.writestr(f"{facts}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{facts}/RECORD", "")


def pip(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What a Python program says that asks nobody but the folder."""
    command = [sys.executable, *arguments, "--no-index", "--find-links", "."]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.long
def test_hashes(wheels: Path) -> None:
    """Each file that is needed is there with its hash, at its pin, and no other."""
    written = pip(str(SCRIPT), "requirements.txt", "constraints.txt", folder=wheels)
    digests = {
        name: hashlib.sha256((wheels / f"{name}-py3-none-any.whl").read_bytes()).hexdigest()
        for name in ("given-2.0", "needed-1.0", "setuptools-80.0")
    }
    expected = [f"{name.replace('-', '==')} --hash=sha256:{digest}" for name, digest in digests.items()]
    assert written.stdout.splitlines() == expected, written.stderr


@pytest.mark.long
def test_no_such_version(wheels: Path) -> None:
    """Where pip finds no file for a pin nothing is written, and pip says so, by its exit code too."""
    (wheels / "constraints.txt").write_text("given==4.0\n")
    written = pip(str(SCRIPT), "requirements.txt", "constraints.txt", folder=wheels)
    assert written.returncode != 0
    assert written.stdout == ""
    assert "Cannot install given>=1" in written.stderr
