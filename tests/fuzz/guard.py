"""What no input may bring nasflow to: more than a few seconds, much memory, a write elsewhere."""

import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nasflow.base.errors import NasflowError

MOST_SECONDS = 10.0
"""Of the processor: other work on the machine does not count."""
MOST_KILOBYTES = 1024 * 1024
"""By which the process may grow."""
LONGEST_MESSAGE = 2000
"""Characters."""

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_CHANGES = {
    "os.mkdir",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
}
_LEAVES = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect"}


class Watch:
    """Notes what the interpreter does, by its audit events, while a folder is set as the one to write in."""

    def __init__(self) -> None:
        self.inside: Path | None = None
        self.offences: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.inside is None:
            return
        if event in _LEAVES or (event in _CHANGES and not self._is_inside(arguments[0])):
            self.offences.append(f"{event} {arguments}")
        is_written = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES
        if is_written and not self._is_inside(arguments[0]):
            self.offences.append(f"{event} {arguments}")

    def _is_inside(self, path: object) -> bool:
        if not isinstance(path, str | bytes | os.PathLike) or self.inside is None:
            # A file that is open already, by its number.
            return True
        whole = os.path.abspath(os.fsdecode(path))
        return whole.startswith(f"{self.inside}/") or "/__pycache__" in whole or whole == os.devnull


_WATCH = Watch()


@contextmanager
def guarded(inside: Path) -> Iterator[None]:
    """Whatever happens in this block is quick and small, and writes nothing outside a folder."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    handler = signal.signal(signal.SIGVTALRM, _too_long)
    signal.setitimer(signal.ITIMER_VIRTUAL, MOST_SECONDS)
    _WATCH.inside, _WATCH.offences = inside, []
    try:
        yield
    finally:
        _WATCH.inside = None
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, handler)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < MOST_KILOBYTES, grown
    assert not _WATCH.offences, _WATCH.offences


def refusal(read: Callable[[], object]) -> str:
    """What nasflow says to an input, in one short line; nothing where it takes it. Other errors pass."""
    message = ""
    try:
        read()
    except NasflowError as error:
        message = str(error)
    assert "\n" not in message, message
    assert len(message) < LONGEST_MESSAGE, message
    return message


def _too_long(number: int, frame: object) -> None:
    raise AssertionError(f"more than {MOST_SECONDS:g} seconds")
