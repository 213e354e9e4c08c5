import os
from pathlib import Path

import pytest
from tests.cli.calling import call

from nasflow.base.errors import InvalidSpec

BAD_FILES = {
    "broken": ("name: [", ", line 1, column 8: expected the node content"),
    "a list": ("- name: tiny\n- seed: 1", ": a SearchFile is a mapping, this is list"),
    "empty": ("", ": the file is empty: `nasflow init` writes one to start from"),
    "text": ("tiny", ": a SearchFile is a mapping, this is str"),
    "a key twice": (
        "name: tiny\nseed: 1\nname: other",
        ", line 3, column 1: the key 'name' is in line 1 already",
    ),
    "code": (
        "!!python/object/apply:os.system ['true']",
        ", line 1, column 1: the tag !!python/object/apply:os",
    ),
    "a key with a cursor in it": (
        '"\\e[2Kname": tiny',
        ", line 1, column 1: the character U+001B is in no text",
    ),
    "much too much": ("# " + 300_000 * "x", ": more than 262144 bytes are too many for a configuration"),
}


@pytest.mark.parametrize(("text", "said"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_that_is_no_configuration(text: str, said: str, tmp_path: Path) -> None:
    """Whatever else is in the file, one line names it and what is wrong."""
    file = tmp_path / "search.yaml"
    file.write_text(text)
    end = call("search", file, "--store", tmp_path / "store", "--no-track")
    assert end.code == InvalidSpec.exit_code
    assert end.error.startswith(f"{file}{said}")
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing.yaml", "missing.yaml: there is no such file"),
        (".", ": this is a folder, and a configuration is wanted"),
        ("\xff.yaml", "\xff.yaml: there is no such file"),
        (os.fsdecode(b"\xff.yaml"), "\\udcff.yaml: there is no such file"),
        ("\x1b[2J.yaml", "\\x1b[2J.yaml: there is no such file"),
    ],
)
def test_a_file_that_is_not_there(name: str, said: str, tmp_path: Path) -> None:
    """A configuration that cannot be read is named, whatever its name does to a terminal."""
    end = call("search", tmp_path / name, "--store", tmp_path / "store", "--no-track")
    assert end.code == InvalidSpec.exit_code
    assert end.error.startswith(str(tmp_path))
    assert end.error.endswith(said)


def test_a_file_without_end(tmp_path: Path) -> None:
    """A device is not read for ever."""
    end = call("search", "/dev/zero", "--store", tmp_path / "store", "--no-track")
    assert end.error == "/dev/zero: more than 262144 bytes are too many for a configuration"


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are refused in one line."""
    (tmp_path / "search.yaml").write_bytes(b"name: \xff\xfe")
    said = call("search", tmp_path / "search.yaml", "--store", tmp_path / "store").error
    assert said == f"{tmp_path / 'search.yaml'}: this is no text: its byte 7 is not UTF-8"
