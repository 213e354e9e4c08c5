"""Several children at the same time, each in a process of its own: a lane.

What a child comes to does not depend on the lane, nor on what the others do. A lane ends with the process
that opened it, however that one ends: a search that was killed leaves nobody behind who goes on writing.
"""

import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from types import TracebackType
from typing import NamedTuple, Self

from nasflow.base.errors import LaneLost, NasflowError
from nasflow.base.settings import environment, take_over
from nasflow.search.schedule import Train
from nasflow.steps.archive import Archive
from nasflow.steps.attempts import Onlooker
from nasflow.steps.execute import execute
from nasflow.store import open_store

Told = Callable[[str, float], None]
"""Takes the id of a child and the share of its training that is done, 0..1."""

_TOLD_EVERY = 0.2
"""Seconds between two words of a lane on how far it is."""

# Forked from one clean process that has imported the heavy parts, lanes begin at once and share their memory:
# half a gigabyte each. That process is no fork of the opener, whose threads and GPUs would not survive one.
_CONTEXT = get_context("forkserver")
_HEAVY = ["nasflow.steps.child", "torch._dynamo"]
"""What every training imports; torch's optimizers need the second one at their first step."""


def count_lanes(wanted: int | None = None, threads: int = 1) -> int:
    """How many children to train at the same time: as wanted, or one a GPU, or one for each `threads`
    cores, which are the threads of one child's training.

    Where several processes train one child together (torchrun), it is one.
    """
    import torch

    from nasflow.training.team import this_team

    if this_team().size > 1:
        return 1
    return wanted or torch.cuda.device_count() or max(1, len(os.sched_getaffinity(0)) // threads)


class Lanes:
    """A `with` block in which children are trained side by side; processes begin when they are needed."""

    def __init__(self, archive: Archive, search: str, count: int, told: Told) -> None:
        self._archive, self._search, self._count, self._told = archive, search, count, told
        self._lanes: list[_Lane] = []
        self._onlooker = Onlooker(archive)

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
        waiting = list(tasks)
        while waiting:
            child = (task := self._next(waiting)).child
            execute(self._archive, self._search, task, lambda share, child=child: self._told(child, share))  # type: ignore[misc]
            yield child

    def _next(self, waiting: list[Train]) -> Train:
        """The first that no other process works on; else the first, which is then waited for."""
        free = (number for number, task in enumerate(waiting) if not self._onlooker.is_busy(task.child))
        return waiting.pop(next(free, 0))

    def _beside(self, waiting: list[Train]) -> Iterator[str]:
        busy: dict[Connection, tuple[_Lane, Train]] = {}
        for lane in self._lanes[: len(waiting)]:
            self._hand(lane, waiting, busy)
        while busy:
            for connection in wait(list(busy)):
                assert isinstance(connection, Connection)
                lane, task = busy[connection]
                if self._hear(lane, task):
                    del busy[connection]
                    # First: whoever takes the child may be busy with it for long.
                    self._hand(lane, waiting, busy)
                    yield task.child

    def _hand(
        self, lane: "_Lane", waiting: list[Train], busy: dict[Connection, tuple["_Lane", Train]]
    ) -> None:
        """Give the next task that waits, if there is one, to a lane that is free."""
        if not waiting:
            return
        task = self._next(waiting)
        busy[lane.connection] = lane, task
        with self._watched(lane, task):
            lane.connection.send(task)

    def _hear(self, lane: "_Lane", task: Train) -> bool:
        """Take one word of a lane; whether it was the last one on its child."""
        with self._watched(lane, task):
            said = lane.connection.recv()
        match said:
            case NasflowError():
                raise said
            case str():
                raise RuntimeError(f"in the process that trained child {task.child}:\n{said}")
            case float():
                self._told(task.child, said)
        return said is None

    @contextmanager
    def _watched(self, lane: "_Lane", task: Train) -> Iterator[None]:
        """Raise LaneLost where the line is found cut."""
        try:
            yield
        except (EOFError, OSError):
            lane.process.join()
            raise LaneLost(
                f"the process that trained child {task.child} {_end(lane.process.exitcode)}: "
                f"{_remedy(self._search)}"
            ) from None


class _Lane(NamedTuple):
    """One process, and the line to it: tasks go in; shares, an error, or None at the end come out."""

    process: ForkServerProcess
    connection: Connection

    @classmethod
    def opened(cls, store: str, search: str, number: int) -> "_Lane":
        """A lane that waits for its first task; on a machine with GPUs it has one of them."""
        _CONTEXT.set_forkserver_preload(_HEAVY)
        ours, theirs = _CONTEXT.Pipe()
        arguments = (theirs, store, search, number, environment())
        process = _CONTEXT.Process(target=_serve, args=arguments, daemon=True)
        try:
            with _deaf_to_ctrl_c():
                process.start()
        except (EOFError, OSError) as error:
            raise LaneLost(
                f"no process could be begun to train children in ({error}), for want of memory most likely: "
                f"{_remedy(search)}"
            ) from None
        theirs.close()
        return cls(process, ours)


def _end(code: int | None) -> str:
    """How a process ended, in words."""
    if code == -signal.SIGKILL:
        return "was killed, for want of memory most likely"
    return f"ended by signal {-code}" if code and code < 0 else f"ended with exit code {code}"


def _remedy(search: str) -> str:
    return f"the same command goes on with {search}, and needs less with fewer --lanes"


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Processes that are started in this block never hear it: it reaches the whole group, and their opener
    alone decides what it means.
    """
    # It would let Ctrl-C through again when it starts.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(
    connection: Connection, store: str, search: str, number: int, variables: Mapping[str, str]
) -> None:
    """What a lane does: one task after the other, until its opener is gone."""
    # The process that it was forked from may be older than this search.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_opener()
    take_over(variables)
    _choose_gpu(number)
    # Of the line: the opener is gone.
    with suppress(EOFError, OSError):
        while True:
            task = connection.recv()
            connection.send(_done(store, search, task, _teller(connection)))


def _done(store: str, search: str, task: Train, tell: Callable[[float], None]) -> NasflowError | str | None:
    """Do a task; what it ended with: of an error that cannot be sent as it is, the traceback as text."""
    try:
        execute(Archive(open_store(store, proven=True)), search, task, tell)
    except NasflowError as error:
        return error
    except Exception:
        return traceback.format_exc()
    return None


def _teller(connection: Connection) -> Callable[[float], None]:
    """Tells the shares of one child's training over the line, the first one at once, then now and then."""
    next_time = 0.0

    def tell(share: float) -> None:
        nonlocal next_time
        if time.monotonic() >= next_time:
            next_time = time.monotonic() + _TOLD_EVERY
            connection.send(float(share))

    return tell


def end_with_opener() -> None:
    """From now on this process, which another one opened, ends with that one, however that one ends."""
    threading.Thread(target=_wait_for_the_end, daemon=True).start()


def _wait_for_the_end() -> None:
    opener = parent_process()
    if opener is not None:
        wait([opener.sentinel])
    os._exit(1)


def _choose_gpu(number: int) -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.set_device(number % torch.cuda.device_count())
