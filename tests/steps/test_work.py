import threading

import pytest

from nasflow.search.schedule import GiveUp, Train
from nasflow.steps import attempts
from nasflow.steps.archive import Archive
from nasflow.steps.attempts import AttemptLog
from nasflow.steps.work import tasks_of_rounds


def test_who_is_at_work_is_not_given_up(
    archive: Archive, child: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt has no end while it goes on, and is no kill yet: whoever would give the child up waits."""
    monkeypatch.setattr(attempts, "_LOOK_SECONDS", 0.01)
    begun, may_end = threading.Event(), threading.Event()

    def another_worker() -> None:
        log = AttemptLog.opened(archive, child, 1)
        assert log
        with log:
            begun.set()
            may_end.wait(30)

    worker = threading.Thread(target=another_worker)
    worker.start()
    assert begun.wait(30)
    threading.Timer(0.2, may_end.set).start()
    found = tasks_of_rounds(archive, "tiny", patience=1)
    worker.join()
    assert not any(isinstance(task, GiveUp) for task in found)
    assert child in {task.child for task in found if isinstance(task, Train)}


def test_whose_worker_is_gone_is_given_up(
    archive: Archive, child: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After as many attempts without an end as there is patience for."""
    monkeypatch.setattr(attempts, "STILL_SECONDS", 0.0)
    assert AttemptLog.opened(archive, child, 1)
    assert tasks_of_rounds(archive, "tiny", patience=1) == (GiveUp(child, 1),)
