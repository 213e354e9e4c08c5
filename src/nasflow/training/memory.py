"""What memory there is for a training, and what becomes of the memory that it has freed."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_GROUP, _GROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")
"""Where Linux says in which control group a process is, and what each may use."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""The numbers of glibc's malloc.h."""

_LARGEST_TRIM, _LARGEST_MMAP = 2**31 - 1, 2**25
"""What every glibc of 64 bits takes. Larger tensors than 32 MiB come and go as ever."""


@dataclass(frozen=True)
class Room:
    """The memory that a training has, at most."""

    bytes: int
    owner: str
    """Whose it is, in words that `has` can follow."""


UNKNOWN_ROOM = Room(sys.maxsize, "another machine")
"""Of trainings on a machine that nobody here can look at: nothing is too large for it."""


def room_here() -> Room:
    """The first GPU's memory; where there is none, the machine's, or what a container may use of it."""
    import torch

    if torch.cuda.is_available():
        return Room(torch.cuda.get_device_properties(0).total_memory, "the GPU")
    present = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min((Room(present, "this machine"), *_groups()), key=lambda room: room.bytes)


def _groups() -> Iterator[Room]:
    """What this process's control group may use, and those that it is part of: of version 2, where any is
    limited.
    """
    with suppress(OSError):
        path = next((line[3:] for line in _GROUP.read_text().splitlines() if line.startswith("0::/")), "/")
        own = _GROUPS / path.strip("/")
        for folder in (own, *own.parents):
            with suppress(OSError, ValueError):
                yield Room(int((folder / "memory.max").read_text()), "this container")
            if folder == _GROUPS:
                return


def keep_freed_memory() -> None:
    """Have the C library keep what this process frees, where it is glibc.

    A step frees and wants again the same tensors, of megabytes each. By default their pages go back to the
    system and come again, filled with zeros first: a tenth of the time of a small network's step.
    """
    adjust = getattr(ctypes.CDLL(None), "mallopt", None)
    if adjust is not None:
        adjust(_MMAP_THRESHOLD, _LARGEST_MMAP)
        adjust(_TRIM_THRESHOLD, _LARGEST_TRIM)
