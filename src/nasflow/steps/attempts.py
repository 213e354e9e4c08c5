"""Who works on a child, and what it costs: one record an attempt, kept up to date while it goes on.

An attempt is a claim too. While its record changes somebody is at work, and nobody else begins; one that
has been still for a while, by the clock of who looks at it, or whose process is known to be gone, is over.
So a child is trained once, however many processes go on with its search. Nothing rests on it: who is only
slow may be overtaken, notices that, and leaves the child to the other one.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from nasflow.base.errors import ChildFailed, DataSetMissing, StoreError
from nasflow.search.record import Attempt
from nasflow.steps.archive import Archive
from nasflow.steps.keys import attempt_key, attempts_prefix
from nasflow.steps.worker import is_dead, this_worker

BEAT_SECONDS = 10.0
"""Time between two signs of life: so much may be missing from a killed attempt's seconds."""

STILL_SECONDS = 60.0
"""After so long without a sign of life an attempt counts as over."""

_LOOK_SECONDS = 1.0

_going_on: dict[tuple[str, str], int] = {}
"""Attempts of this process, by store and key: the thread that works. Another one is somebody else too."""


class Overtaken(Exception):
    """Somebody else works on the child, who took this process for dead."""


class Pulse:
    """Sees who gives signs of life, by looking more than once: other machines' clocks are not asked."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[object, float]] = {}

    def is_felt(self, child: str, worker: str | None, sign: object) -> bool:
        """Whether the worker at a child is alive, as far as is known yet: at first sight it is.

        `sign` is anything that changes with each sign of life.
        """
        if is_dead(worker):
            return False
        before, since = self._seen.get(child, (None, 0.0))
        if sign != before:
            self._seen[child] = sign, time.monotonic()
            return True
        return time.monotonic() - since < STILL_SECONDS


class Onlooker:
    """Sees who is at work."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._pulse = Pulse()

    def is_busy(self, child: str) -> bool:
        """Whether another process works on a child, as far as is known yet: at first sight one does."""
        return self.next_attempt(child) is None

    def next_attempt(self, child: str) -> int | None:
        """The number of the next attempt at a child; None: it is too early for one, the last is at work."""
        number = last_attempt(self._archive, child)
        return None if number and self._is_at_work(child, number) else number + 1

    def _is_at_work(self, child: str, number: int) -> bool:
        attempt, version = self._archive.find_changing(attempt_key(child, number), Attempt)
        if attempt is None or attempt.outcome is not None:
            return False
        if attempt.worker == this_worker():
            at_work = _going_on.get((self._archive.store.url, attempt_key(child, number)))
            return at_work not in {None, threading.get_ident()}
        return self._pulse.is_felt(child, attempt.worker, version)


def last_attempt(archive: Archive, child: str) -> int:
    """The number of the newest attempt at a child; 0: there is none."""
    return len(archive.store.list(attempts_prefix(child)))


def claimed(
    archive: Archive, child: str, is_done: Callable[[], bool], work: Callable[["AttemptLog"], object]
) -> None:
    """Work on a child, unless it is done, as soon as nobody else does; else wait until it is done."""
    onlooker = Onlooker(archive)
    while not is_done():
        number = onlooker.next_attempt(child)
        # Again: whoever was at work at that look may have ended; who begins after it takes the number.
        if number and is_done():
            return
        log = AttemptLog.opened(archive, child, number) if number else None
        if log is None:
            time.sleep(_LOOK_SECONDS)
            continue
        with suppress(Overtaken), log:
            work(log)
            return


def wait_until_free(archive: Archive, child: str) -> None:
    """Return once nobody works on a child, as far as can be seen from here."""
    onlooker = Onlooker(archive)
    while onlooker.is_busy(child):
        time.sleep(_LOOK_SECONDS)


class AttemptLog:
    """A `with` block round one process's work on one child; see `opened`."""

    def __init__(self, archive: Archive, child: str, number: int) -> None:
        self._archive = archive
        self._version: str | None = None
        self._begun, self._kept = time.monotonic(), 0.0
        self._writing, self._ended = threading.Lock(), threading.Event()
        self._is_overtaken = self._has_failed = False
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._attempt = Attempt(
            child=child,
            number=number,
            device="cpu",
            worker=this_worker(),
            seconds=0.0,
            kept_seconds=0.0,
            outcome=None,
        )

    @classmethod
    def opened(cls, archive: Archive, child: str, number: int) -> Self | None:
        """An attempt at a child, which is claimed by it; None: somebody was quicker."""
        log = cls(archive, child, number)
        log._version = archive.replace(log._key, log._attempt, None)
        return log if log._version else None

    def on(self, device: str) -> None:
        """Say which device is at work; until then it is the CPU."""
        self._change(device=device)

    def trained(self, seconds: float | None) -> None:
        """Say that its training is done, and what its steps took, see `Attempt.trained_seconds`."""
        self._change(trained_seconds=seconds)

    def check(self) -> None:
        """Raise Overtaken if somebody else has begun since."""
        if self._is_overtaken:
            raise Overtaken

    def keep(self, reached: float | None = None) -> None:
        """Say that all done so far is safe in the store; or all until `reached`, by `time.monotonic()`."""
        self._kept = (time.monotonic() if reached is None else reached) - self._begun
        self._write()

    def fail(self) -> None:
        """Say that the child failed: so it is written down, and nothing more is to be done."""
        self._has_failed = True

    def __enter__(self) -> Self:
        _going_on[self._place] = threading.get_ident()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        try:
            self._end(error)
        finally:
            _going_on.pop(self._place, None)

    def _end(self, error: BaseException | None) -> None:
        match error:
            case None if not self._has_failed:
                self._change(outcome="useful")
                self.keep()
            case None | ChildFailed():
                self._change(outcome="failed")
                self._write()
            case Overtaken():
                self._change(outcome="lost")
                self._write()
            case KeyboardInterrupt() | SystemExit():
                self._change(outcome="stopped")
                self._write()
            case StoreError() | DataSetMissing():
                self._change(outcome="hindered")
                # The store may be what is wrong, and that is said already.
                with suppress(StoreError):
                    self._write()

    @property
    def _key(self) -> str:
        return attempt_key(self._attempt.child, self._attempt.number)

    @property
    def _place(self) -> tuple[str, str]:
        return self._archive.store.url, self._key

    def _beat(self) -> None:
        """Give signs of life, beside the work, and look out for another worker."""
        following = attempt_key(self._attempt.child, self._attempt.number + 1)
        while not self._ended.wait(BEAT_SECONDS):
            try:
                self._write()
                self._is_overtaken = self._archive.store.exists(following)
            except StoreError:
                # The work itself meets the same store, and says what is wrong with it.
                continue

    def _change(self, **changes: str | float | None) -> None:
        self._attempt = self._attempt.model_copy(update=changes)

    def _write(self) -> None:
        with self._writing:
            seconds = {"seconds": time.monotonic() - self._begun, "kept_seconds": self._kept}
            written = self._attempt.model_copy(update=seconds)
            self._version = self._archive.replace(self._key, written, self._version) or self._version
