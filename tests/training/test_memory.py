import os
import resource
import sys
from pathlib import Path

import pytest
import torch

from nasflow.training import memory
from nasflow.training.memory import UNKNOWN_ROOM, Room, keep_freed_memory, room_here


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's")
def test_what_was_freed_is_used_again() -> None:
    """Tensors of some megabytes that come and go fetch no new pages from the system, after the first time."""
    keep_freed_memory()

    def pages() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        tensors = [torch.ones(500_000) for _ in range(20)]
        del tensors
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    pages()
    assert min(pages() for _ in range(3)) < 500, "20 tensors have 10,000 pages"


def test_the_room_here() -> None:
    """Is what a training has at most: no more than this machine, or its GPU."""
    room = room_here()
    assert room.owner in {"this machine", "this container", "the GPU"}
    present = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 2**28 < room.bytes < UNKNOWN_ROOM.bytes
    assert room.bytes == present or room.owner != "this machine"


def test_a_container_has_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The smallest limit of a process's control group and of all that it is part of."""
    (tmp_path / "pods/one").mkdir(parents=True)
    (tmp_path / "pods/memory.max").write_text("300000000\n")
    (tmp_path / "pods/one/memory.max").write_text("max\n")
    (tmp_path / "group").write_text("1:name=systemd:/other\n0::/pods/one\n")
    monkeypatch.setattr(memory, "_GROUP", tmp_path / "group")
    monkeypatch.setattr(memory, "_GROUPS", tmp_path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert room_here() == Room(300_000_000, "this container")
