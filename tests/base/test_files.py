import os
from pathlib import Path

import pytest

from nasflow.base.errors import InvalidSpec
from nasflow.base.files import at_home, decoded, read_at_most


def test_read(tmp_path: Path) -> None:
    """A file of the allowed size is read; one byte more is refused."""
    file = tmp_path / "file"
    file.write_bytes(b"1234")
    assert read_at_most(file, 4, "a table") == b"1234"
    with pytest.raises(InvalidSpec, match=r"file: more than 3 bytes are too many for a table"):
        read_at_most(file, 3, "a table")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing", "there is no such file"),
        (".", "this is a folder, and a table is wanted"),
        ("file/below", r"cannot be read \(Not a directory\)"),
        ("a\0b", r"cannot be read \(embedded null byte\)"),
        (300 * "x", r"cannot be read \(File name too long\)"),
        (os.fsdecode(b"\xff"), "there is no such file"),
    ],
)
def test_what_cannot_be_read(name: str, said: str, tmp_path: Path) -> None:
    """The reason is said in words."""
    (tmp_path / "file").touch()
    with pytest.raises(InvalidSpec, match=said):
        read_at_most(tmp_path / name, 1, "a table")


def test_decoded() -> None:
    """UTF-8 is text, everything else is refused with its place."""
    assert decoded("é".encode(), "here") == "é"
    with pytest.raises(InvalidSpec, match="here: this is no text: its byte 3 is not UTF-8"):
        decoded(b"ab\xff", "here")


def test_at_home() -> None:
    """`~` is written out; somebody whom nobody knows has none."""
    assert at_home("~/images") == Path.home() / "images"
    assert at_home("images") == Path("images")
    with pytest.raises(InvalidSpec, match="~nobody-at-all/x: ~nobody-at-all is no user with a home"):
        at_home("~nobody-at-all/x")
