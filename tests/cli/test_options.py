import errno
import inspect
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
import typer

from nasflow.base.errors import StoreError
from nasflow.cli.options import spread, write, write_bytes


@dataclass(frozen=True)
class Place:
    """Two options."""

    city: Annotated[str, typer.Option(help="Its name.")]
    street: str


def test_spread() -> None:
    """A command takes one value where typer sees an option a field, in the order of the fields."""
    said = list[object]()

    @spread(Place)
    def visit(who: str, place: Place, often: int = 1) -> None:
        said.extend((who, place, often))

    shown = inspect.signature(visit).parameters
    assert list(shown) == ["who", "city", "street", "often"]
    assert shown["city"].annotation == inspect.signature(Place).parameters["city"].annotation
    visit(who="Ada", city="London", street="Strand", often=2)
    assert said == ["Ada", Place("London", "Strand"), 2]


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk that is full in the middle of it the old one stays, and nothing else is left."""
    file = tmp_path / "page.html"
    write(file, "old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(StoreError, match=r"page.html: cannot be written \(No space left on device\)"):
            write(file, "new")
    assert [each.read_text() for each in tmp_path.iterdir()] == ["old"]


def test_a_link_stays_one(tmp_path: Path) -> None:
    """What it leads to is written, be it there or not."""
    for name in ("there", "not-yet"):
        link = tmp_path / f"link-to-{name}"
        link.symlink_to(tmp_path / name)
        (tmp_path / "there").write_text("old")
        write_bytes(link, b"new")
        assert link.is_symlink()
        assert (tmp_path / name).read_text() == "new"


def test_what_is_no_file_is_written_into(tmp_path: Path) -> None:
    """A pipe stays a pipe, as a device stays a device."""
    pipe, read = tmp_path / "pipe", list[str]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    write_bytes(pipe, b"text")
    reader.join(30)
    assert read == ["text"]
    assert pipe.is_fifo()
