"""Several children at the same time, each in a process of its own: a lane.

What a child comes to does not depend on the lane, nor on what the others do. A lane ends with the process
that opened it, however that one ends: a search that was killed leaves nobody behind who goes on writing.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import NamedTuple, Self

from nasflow.base.errors import LaneLost
from nasflow.base.settings import LANES
from nasflow.search.schedule import Train
from nasflow.steps.archive import Archive
from nasflow.steps.execute import execute
from nasflow.store import open_store

Told = Callable[[str, float], None]
"""Takes the id of a child and the share of its training that is done, 0..1."""

_TOLD_EVERY = 0.2
"""Seconds between two words of a lane on how far it is."""


def count_lanes(wanted: int | None = None) -> int:
    """How many children to train at the same time: as asked for, or one a GPU, or one a core.

    Where several processes train one child together (torchrun), it is one.
    """
    import torch

    from nasflow.training.team import this_team

    if this_team().size > 1:
        return 1
    return wanted or LANES.get() or torch.cuda.device_count() or len(os.sched_getaffinity(0))


class Lanes:
    """A `with` block in which children are trained side by side; processes begin when they are needed."""

    def __init__(self, archive: Archive, search: str, count: int, told: Told) -> None:
        self._archive, self._search, self._count, self._told = archive, search, count, told
        self._lanes: list[_Lane] = []

    def train(self, tasks: Sequence[Train]) -> Iterator[str]:
        """The children of the tasks, each as soon as it is done; raise what a training raises, or
        LaneLost.
        """
        if min(self._count, len(tasks)) == 1:
            yield from self._here(tasks)
            return
        while len(self._lanes) < min(self._count, len(tasks)):
            self._lanes.append(_Lane.opened(self._archive.store.url, self._search, len(self._lanes)))
        yield from self._beside(list(tasks))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for lane in self._lanes:
            lane.process.kill()
        for lane in self._lanes:
            lane.process.join()

    def _here(self, tasks: Sequence[Train]) -> Iterator[str]:
        for task in tasks:
            execute(self._archive, self._search, task, lambda share, task=task: self._told(task.child, share))  # type: ignore[misc]
            yield task.child

    def _beside(self, waiting: list[Train]) -> Iterator[str]:
        busy: dict[Connection, tuple[_Lane, Train]] = {}
        free = list(self._lanes)
        while waiting or busy:
            while waiting and free:
                lane, task = free.pop(), waiting.pop(0)
                lane.connection.send(task)
                busy[lane.connection] = lane, task
            for connection in wait(list(busy)):
                assert isinstance(connection, Connection)
                lane, task = busy[connection]
                if self._hear(lane, task):
                    del busy[connection]
                    free.append(lane)
                    yield task.child

    def _hear(self, lane: "_Lane", task: Train) -> bool:
        """Take one word of a lane; whether it was the last one on its child."""
        try:
            said = lane.connection.recv()
        except EOFError:
            lane.process.join()
            raise LaneLost(
                f"the process that trained child {task.child} was killed (exit code "
                f"{lane.process.exitcode}), for want of memory most likely: `nasflow resume {self._search}` "
                "goes on, and needs less with fewer --lanes"
            ) from None
        if isinstance(said, BaseException):
            raise said
        if isinstance(said, float):
            self._told(task.child, said)
        return said is None


class _Lane(NamedTuple):
    """One process, and the line to it: tasks go in; shares, an error, or None at the end come out."""

    process: SpawnProcess
    connection: Connection

    @classmethod
    def opened(cls, store: str, search: str, number: int) -> "_Lane":
        """A lane that waits for its first task; on a machine with GPUs it has one of them."""
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, store, search, number), daemon=True)
        process.start()
        theirs.close()
        return cls(process, ours)


def _serve(connection: Connection, store: str, search: str, number: int) -> None:
    """What a lane does: one task after the other, until its opener is gone."""
    # Ctrl-C reaches the whole group: the opener alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_opener, daemon=True).start()
    _choose_gpu(number)
    last = 0.0

    def tell(share: float) -> None:
        nonlocal last
        if time.monotonic() - last >= _TOLD_EVERY:
            last = time.monotonic()
            connection.send(float(share))

    while True:
        task = connection.recv()
        try:
            execute(Archive(open_store(store)), search, task, tell)
        except Exception as error:
            connection.send(error)
        else:
            connection.send(None)


def _end_with_opener() -> None:
    opener = parent_process()
    if opener is not None:
        wait([opener.sentinel])
    os._exit(1)


def _choose_gpu(number: int) -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.set_device(number % torch.cuda.device_count())
