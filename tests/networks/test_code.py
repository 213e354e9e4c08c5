import sys
from pathlib import Path

import pytest
from tests.cli.calling import call, write_config

from nasflow.base.errors import InvalidSpec
from nasflow.networks.code import check_allowed, written_code

FILES = {
    "mine/__init__.py": "",
    "mine/nets.py": "from . import layers\nfrom .deep.norms import norm\nimport beside\n",
    "mine/layers.py": "def layer():\n    import mine.late\n",
    "mine/late.py": "import torch",
    "mine/deep/__init__.py": "",
    "mine/deep/norms.py": "from ..layers import layer\nfrom nowhere import nothing",
    "beside.py": "import this_does_not_matter",
    "mine/unused.py": "raise SystemExit",
}
REACHED = sorted(FILES.keys() - {"mine/unused.py"})
NAME = "mine.nets:make"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package, and a module beside it, that would end this process if they were run."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{text}\nraise SystemExit('run')\n")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def digest() -> str:
    """As a new process finds it."""
    written_code.cache_clear()
    return written_code(NAME)


def test_a_word_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code runs if its module, or a package that it is in, was allowed by name, and not else."""
    for allowed in ("mine", "other, mine.nets", "mine.nets,"):
        monkeypatch.setenv("NASFLOW_ALLOW_CODE", allowed)
        check_allowed(NAME)
    for allowed in ("", "min", "nets", "mine.nets.make", "*"):
        monkeypatch.setenv("NASFLOW_ALLOW_CODE", allowed)
        with pytest.raises(InvalidSpec, match=r"mine\.nets:make is code .* `nasflow --allow-code mine "):
            check_allowed(NAME)


@pytest.mark.parametrize("name", REACHED)
def test_every_file_that_is_reached_counts(name: str, folder: Path) -> None:
    """Of the package and beside it, imported at once or later; nothing of it is run."""
    before = digest()
    assert digest() == before
    (folder / name).write_text((folder / name).read_text() + "# another line\n")
    assert digest() != before
    assert not {"mine", "beside"} & sys.modules.keys()


def test_what_is_not_reached_does_not_count(folder: Path) -> None:
    """Another file of the package may change."""
    before = digest()
    (folder / "mine/unused.py").unlink()
    assert digest() == before


def test_files_that_are_no_python(folder: Path) -> None:
    """Their import will say what is wrong; until then they are text like any other."""
    before = digest()
    (folder / "mine/layers.py").write_bytes(b"def layer(:\0")
    assert digest() != before


def test_an_installed_package_ends_at_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """What others have installed beside it is not looked at, and Python's own is not either."""
    read = list[Path]()
    real = Path.read_bytes

    def noted(file: Path) -> bytes:
        read.append(file)
        return real(file)

    monkeypatch.setattr(Path, "read_bytes", noted)
    written_code.cache_clear()
    written_code("safetensors.torch:save")
    assert {file.parent.name for file in read} == {"safetensors"}
    assert written_code("nowhere_at_all:f") == written_code("nor_there:f")


def test_what_a_command_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration that names code is refused before it runs; with the word it runs."""
    (tmp_path / "strange.py").write_text("raise RuntimeError('it was run')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("NASFLOW_ALLOW_CODE", "tests")
    start = {"network": "strange:make", "weights": "untrained", "recipe": {"epochs": 1}}
    file = write_config(tmp_path, start=start, host=None)
    said = call("search", file, "--store", tmp_path / "store")
    assert (said.code, "strange" in sys.modules) == (2, False)
    assert "strange:make is code that would be run" in said.error
    said = call("--allow-code", "strange", "search", file, "--store", tmp_path / "store")
    assert "it was run" in said.error
