"""What befalls a process at its writes: it fails, repeats, is late, or dies before, in or after one.

Installed in a process that is forked for it, and so in all that this one starts. Writes are counted over all
processes of a run: what befalls the n-th is a function of the run's seed and n, whoever writes it.
"""

import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import Enum
from functools import partial, wraps
from pathlib import Path
from typing import Any, NoReturn
from unittest.mock import patch

from botocore.awsrequest import AWSConnection

from nasflow.base.errors import StoreUnavailable
from nasflow.store.directory import DirectoryStore
from nasflow.store.s3 import S3Store

VARIABLE = "TESTS_BLOWS"
"""Of the environment: the blows of a process, told as `Blows.told` does."""

_WRITES = ("create", "replace", "delete")
_IN_A_WRITE = ContextVar("in a write", default=False)


class Blow(Enum):
    """What can befall a write."""

    NONE = "done as it is"
    REFUSED = "not done, and an error"
    LOST = "done, and an error all the same"
    TWICE = "done twice, and the first answer given"
    LATE = "done a moment later"
    KILLED_BEFORE = "not done: the process dies"
    TORN = "half of it is written, and the process dies"
    KILLED_AFTER = "done, and the process dies"


KILLS = (Blow.KILLED_BEFORE, Blow.TORN, Blow.KILLED_AFTER)


@dataclass(frozen=True)
class Blows:
    """The blows of one run, noted in `folder`."""

    folder: Path
    seed: int = 0
    every: int = 0
    """One write in so many has one; 0: none but those in `at`."""
    at: Mapping[int, Blow] = field(default_factory=dict)
    """By the number of a write, the first is 1: what befalls it whatever the seed."""

    def told(self) -> str:
        """For the environment of a process."""
        at = {number: blow.name for number, blow in self.at.items()}
        return json.dumps([str(self.folder), self.seed, self.every, at])

    @classmethod
    def heard(cls, told: str) -> "Blows":
        """What was told."""
        folder, seed, every, at = json.loads(told)
        return cls(Path(folder), seed, every, {int(number): Blow[name] for number, name in at.items()})

    def struck(self) -> list[tuple[Blow, str]]:
        """Each blow that fell, and the key of the write."""
        if not self._log.exists():
            return []
        lines = (line.split() for line in self._log.read_text().splitlines())
        return [(Blow[name], key) for name, key in lines]

    def writes(self) -> int:
        """How many there were, of all processes."""
        return self._count.stat().st_size if self._count.exists() else 0

    def draw(self, key: str) -> Blow:
        """What befalls the next write, which is of `key`; it is noted."""
        blow = self._at(self._next())
        if blow is not Blow.NONE:
            with self._log.open("a") as file:
                file.write(f"{blow.name} {key}\n")
        return blow

    @property
    def _log(self) -> Path:
        return self.folder / "blows"

    @property
    def _count(self) -> Path:
        return self.folder / "writes"

    def _next(self) -> int:
        with self._count.open("ab", buffering=0) as file:
            file.write(b".")
            return file.tell()

    def _at(self, number: int) -> Blow:
        draws = random.Random(f"{self.seed} {number}")
        is_hit = bool(self.every) and draws.randrange(self.every) == 0
        drawn = draws.choice([each for each in Blow if each is not Blow.NONE])
        return self.at.get(number, drawn if is_hit else Blow.NONE)


def install_told() -> None:
    """Install the blows that the environment tells of, if it does."""
    if told := os.environ.get(VARIABLE):
        blows = Blows.heard(told)
        for kind in (DirectoryStore, S3Store):
            for name in _WRITES:
                setattr(kind, name, _under(blows, getattr(kind, name)))


def _under(blows: Blows, method: Callable[..., Any]) -> Callable[..., Any]:
    """The method of a store, which the blows may fall on."""

    @wraps(method)
    def write(store: Any, key: str, *values: Any) -> Any:
        if _IN_A_WRITE.get():
            # A directory's replace creates where nothing is to be there: that is one write.
            return method(store, key, *values)
        token = _IN_A_WRITE.set(True)
        try:
            return _strike(blows.draw(key), partial(method, store, key, *values), bool(values))
        finally:
            _IN_A_WRITE.reset(token)

    return write


def _strike(blow: Blow, write: Callable[[], Any], has_body: bool) -> Any:
    match blow:
        case Blow.REFUSED:
            raise StoreUnavailable("of the tests: not done")
        case Blow.KILLED_BEFORE:
            _die()
        case Blow.TORN:
            with _dying_half_way(has_body):
                answer = write()
            # There was nothing to write, as where the key was taken.
            return answer
        case Blow.LATE:
            time.sleep(0.05)
    answer = write()
    match blow:
        case Blow.TWICE:
            write()
        case Blow.LOST:
            raise StoreUnavailable("of the tests: done")
        case Blow.KILLED_AFTER:
            _die()
    return answer


def _die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("it lives")


@contextmanager
def _dying_half_way(has_body: bool) -> Iterator[None]:
    """The process dies when half of a file is on the disk, or half of a request at the server."""
    sync, send = os.fsync, AWSConnection.send

    def half_written(descriptor: int) -> None:
        size = os.fstat(descriptor).st_size
        is_file = os.path.isfile(f"/proc/self/fd/{descriptor}")
        if is_file:
            os.ftruncate(descriptor, size // 2)
        if is_file or not has_body:
            _die()
        sync(descriptor)

    def half_sent(connection: Any, data: Any) -> None:
        if has_body and bytes(data[:3]) == b"PUT" and bytes(data[-4:]) == b"\r\n\r\n":
            # The head; the server is asked whether it wants the body.
            send(connection, data)
            return
        send(connection, data[: len(data) // 2])
        _die()

    with patch.object(os, "fsync", half_written), patch.object(AWSConnection, "send", half_sent):
        yield
