"""A process as others know it: whether it still lives can be told on its own machine alone."""

import os
import platform
from functools import cache
from pathlib import Path

_PROC = Path("/proc")
_BEGUN = 19
"""Where a process's start is told in /proc/N/stat, counted from what follows its name."""


def this_worker() -> str:
    """This process: its machine, its number there, and when it began, because numbers are given again."""
    return f"{_machine()} {os.getpid()} {_begun(os.getpid())}"


def is_dead(worker: str | None) -> bool:
    """Whether a worker is known to have ended; False too where this machine cannot know."""
    machine, _, rest = (worker or "").partition(" ")
    number, _, begun = rest.partition(" ")
    return machine == _machine() and number.isdigit() and _begun(int(number)) != begun


@cache
def _machine() -> str:
    """This machine since its last start; a container with process numbers of its own is another one."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{os.readlink(_PROC / 'self/ns/pid')}"
    except OSError:
        return platform.node().replace(" ", "-")


def _begun(number: int) -> str:
    """When a process began, in the machine's own count; nothing of one that is gone."""
    try:
        state, *rest = (_PROC / str(number) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return _alive(number)
    return "" if state == "Z" else rest[_BEGUN - 1]


def _alive(number: int) -> str:
    """Where there is no /proc: whether the number is somebody's."""
    if _PROC.exists():
        return ""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "alive"
