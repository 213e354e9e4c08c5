import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from tests.steps.interrupted import read_attempts
from tests.steps.samples import open_archive

from nasflow.base.errors import ChildFailed, DataSetMissing, StoreUnavailable
from nasflow.search.record import Attempt
from nasflow.steps import attempts
from nasflow.steps.archive import Archive
from nasflow.steps.attempts import AttemptLog, Onlooker, Overtaken, claimed
from nasflow.steps.keys import attempt_key

CHILD = "0123456789abcdef"
FOREIGN = "another-machine 17 4711"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds become hundredths."""
    for name, seconds in (("BEAT_SECONDS", 0.02), ("STILL_SECONDS", 0.3), ("_LOOK_SECONDS", 0.01)):
        monkeypatch.setattr(attempts, name, seconds)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An empty store."""
    return open_archive(tmp_path / "store")


def elsewhere(archive: Archive, number: int = 1, seconds: float = 0.0, version: str | None = None) -> str:
    """A sign of life of another machine's attempt."""
    attempt = Attempt(
        child=CHILD,
        number=number,
        device="cpu",
        worker=FOREIGN,
        seconds=seconds,
        kept_seconds=0.0,
        outcome=None,
    )
    written = archive.replace(attempt_key(CHILD, number), attempt, version)
    assert written
    return written


def outcomes(archive: Archive) -> list[str | None]:
    """Of all attempts at the child."""
    return [each.outcome for each in read_attempts(Path(archive.store.url), CHILD)]


def work(archive: Archive, done: list[str]) -> None:
    """Do it, once nobody else does."""
    claimed(archive, CHILD, lambda: bool(done), lambda attempt: done.append("here"))


def test_nobody_else_begins(archive: Archive) -> None:
    """While another machine gives signs of life its child is left alone, until that one has done it."""
    done: list[str] = []
    version = elsewhere(archive)
    waiting = threading.Thread(target=work, args=(archive, done))
    waiting.start()
    for beat in range(1, 30):
        time.sleep(0.02)
        version = elsewhere(archive, seconds=float(beat), version=version)
    assert done == []
    done.append("elsewhere")
    waiting.join()
    assert done == ["elsewhere"]
    assert outcomes(archive) == [None]


def test_another_thread_is_somebody_else(archive: Archive) -> None:
    """Of two threads of a process one works; what ended without a word is gone on with at once."""
    first = AttemptLog.opened(archive, CHILD, 1)
    assert first
    with suppress(ZeroDivisionError), first, ThreadPoolExecutor(1) as other:
        assert other.submit(Onlooker(archive).is_busy, CHILD).result()
        raise ZeroDivisionError
    assert outcomes(archive) == [None]
    assert Onlooker(archive).next_attempt(CHILD) == 2


def test_who_is_still_is_over(archive: Archive) -> None:
    """Another machine that says nothing for a while, by the clock of this one, is taken for dead."""
    done: list[str] = []
    elsewhere(archive)
    begun = time.monotonic()
    work(archive, done)
    assert done == ["here"]
    assert time.monotonic() - begun >= 0.3
    assert outcomes(archive) == [None, "useful"]


def test_a_dead_process_of_this_machine(archive: Archive) -> None:
    """Nobody waits for a process that is known to be gone, nor for the attempts of its own."""
    if (number := os.fork()) == 0:
        AttemptLog.opened(archive, CHILD, 1)
        os._exit(0)
    os.waitpid(number, 0)
    onlooker = Onlooker(archive)
    assert onlooker.next_attempt(CHILD) == 2
    AttemptLog.opened(archive, CHILD, 2)
    assert onlooker.next_attempt(CHILD) == 3
    assert not onlooker.is_busy("another")


def test_a_living_process_of_this_machine(archive: Archive) -> None:
    """A process that has lost its voice, but lives, is waited for as any other."""
    if (number := os.fork()) == 0:
        AttemptLog.opened(archive, CHILD, 1)
        signal.pause()
    while not archive.store.exists(attempt_key(CHILD, 1)):
        time.sleep(0.01)
    try:
        assert Onlooker(archive).is_busy(CHILD)
    finally:
        os.kill(number, signal.SIGKILL)
        os.waitpid(number, 0)


def test_two_that_begin_at_once(archive: Archive) -> None:
    """Of two that have both seen nobody at work one wins."""
    assert AttemptLog.opened(archive, CHILD, 1)
    assert AttemptLog.opened(archive, CHILD, 1) is None


@pytest.mark.parametrize("moment", range(4))
def test_done_between_two_looks(archive: Archive, moment: int) -> None:
    """Somebody who begins and ends between any two looks has done it: no second attempt is opened."""
    done, looks = list[str](), list[bool]()

    def is_done() -> bool:
        if len(looks) == moment:
            claimed(open_archive(archive.store.url), CHILD, lambda: False, lambda attempt: None)
            done.append("elsewhere")
            looks.append(False)
            # What this look saw was still the state before.
            return False
        looks.append(bool(done))
        return bool(done)

    claimed(archive, CHILD, is_done, lambda attempt: done.append("here"))
    assert done[:1] == (["elsewhere"] if moment < 2 else ["here"])
    assert outcomes(archive) == ["useful"]


def test_one_that_was_overtaken(archive: Archive) -> None:
    """Who was taken for dead notices the other one, leaves the child to it, and is in the ledger as such."""
    done: list[str] = []

    def slow(attempt: AttemptLog) -> None:
        elsewhere(archive, number=2)
        for _ in range(200):
            time.sleep(0.01)
            try:
                attempt.check()
            except Overtaken:
                done.append("elsewhere")
                raise

    claimed(archive, CHILD, lambda: bool(done), slow)
    assert done == ["elsewhere"]
    assert outcomes(archive) == ["lost", None]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ChildFailed("too large"), "failed"),
        (KeyboardInterrupt(), "stopped"),
        (SystemExit(143), "stopped"),
        (StoreUnavailable("away"), "hindered"),
        (DataSetMissing("not mounted"), "hindered"),
        (RuntimeError("a bug"), None),
    ],
)
def test_how_an_attempt_ends(archive: Archive, error: BaseException, outcome: str | None) -> None:
    """Neither a stop nor a volume that is not mounted is a kill: only what ends without a word may be held
    against the child.
    """
    log = AttemptLog.opened(archive, CHILD, 1)
    assert log
    with pytest.raises(type(error)), log:
        raise error
    assert outcomes(archive) == [outcome]


def test_signs_of_life(archive: Archive) -> None:
    """An attempt gives signs of life beside the work, whatever that does meanwhile."""
    log = AttemptLog.opened(archive, CHILD, 1)
    assert log
    with log:
        time.sleep(0.2)
        assert read_attempts(Path(archive.store.url), CHILD)[0].seconds > 0.05
        log.on("NVIDIA L4")
    (attempt,) = read_attempts(Path(archive.store.url), CHILD)
    assert attempt.device == "NVIDIA L4"
    assert attempt.kept_seconds == pytest.approx(attempt.seconds, abs=0.05)
