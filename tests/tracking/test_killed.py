import multiprocessing
import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from nasflow.search.ledger import Ledger
from nasflow.tracking import publish

from .shown import Shown, assert_complete

if TYPE_CHECKING:
    from .searches import Searches

    Look = Callable[[str], Shown]


@pytest.mark.long
def test_killed_again_and_again(sqlite_uri: str, name: str, searches: "Searches", shown: "Look") -> None:
    """Killed and called again until it ends, publish leaves one run a network and one row a step."""
    ledger = searches.running(name)
    writes = 0
    while kill_after(writes, sqlite_uri, ledger):
        writes += 1
    assert writes > 3
    assert_complete(shown(sqlite_uri), ledger)


@pytest.mark.long
def test_cut_off_before_each_write(
    sqlite_uri: str, name: str, searches: "Searches", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever write is the last before the end of its process, one more call completes the search."""
    for writes in range(50):
        ledger = searches.running(f"{name}-{writes}", rounds=0)
        with monkeypatch.context() as patch:
            stop_after(writes, interrupt, patch.setattr)
            try:
                publish(sqlite_uri, ledger, {})
            except KeyboardInterrupt:
                cut_off = True
            else:
                cut_off = False
        publish(sqlite_uri, ledger, {})
        assert_complete(Shown(sqlite_uri, ledger.config.name), ledger)
        if not cut_off:
            assert writes > 8
            return
    raise AssertionError("more writes than expected")


def kill_after(writes: int, uri: str, ledger: Ledger) -> bool:
    """Publish in a process that is killed after its `writes`-th write; whether it was."""
    process = multiprocessing.get_context("fork").Process(target=publish_until, args=(writes, uri, ledger))
    process.start()
    process.join()
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode != 0


def publish_until(writes: int, uri: str, ledger: Ledger) -> None:
    """Publish, and be killed at the write after the `writes`-th."""
    stop_after(writes, lambda: os.kill(os.getpid(), signal.SIGKILL), setattr)
    publish(uri, ledger, {})


def stop_after(writes: int, stop: Callable[[], None], replace: Callable[[Any, str, Any], None]) -> None:
    """Let MLflow's client write `writes` times, then call `stop` instead."""
    from mlflow import MlflowClient

    left = [writes]

    def counted(method: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            if not left[0]:
                stop()
            left[0] -= 1
            return method(*args, **kwargs)

        return call

    for method in ("create_experiment", "create_run", "log_artifacts", "set_terminated", "log_batch"):
        replace(MlflowClient, method, counted(getattr(MlflowClient, method)))


def interrupt() -> None:
    """What Ctrl-C does: nothing of ours catches it."""
    raise KeyboardInterrupt
