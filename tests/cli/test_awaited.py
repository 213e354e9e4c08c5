"""Watching a search that has not begun."""

import shutil
from pathlib import Path

import pytest
from tests.cli.calling import call
from tests.steps.samples import finished_once

from nasflow.base.errors import NotFound


def test_a_search_that_is_about_to_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even its store's folder may not be there yet: it is waited for, and one line says so."""
    store, passed = tmp_path / "store", list[float]()

    def pass_time(seconds: float) -> None:
        passed.append(seconds)
        if len(passed) == 3:
            shutil.copytree(finished_once(), store)

    monkeypatch.setattr("nasflow.cli.awaited.time.sleep", pass_time)
    said = call("watch", "tiny", "--store", store)
    assert said.code == 0
    assert said.err == "nasflow: tiny has not begun: waiting for it, a minute at most\n"
    assert len(passed) == 3


def test_a_search_that_never_begins(three: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute it is told as ever; the names that are there are told at once."""
    now = [0.0]
    monkeypatch.setattr("nasflow.cli.awaited.time.monotonic", lambda: now[0])
    monkeypatch.setattr("nasflow.cli.awaited.time.sleep", lambda seconds: now.append(now.pop() + seconds))
    said = call("watch", "tinny", "--store", three)
    assert said.code == NotFound.exit_code
    waiting, error = said.err.splitlines()
    assert (
        waiting == "nasflow: tinny has not begun (there: failed, new, tiny): waiting for it, a minute at most"
    )
    assert error.startswith("nasflow: error: no search 'tinny' in ")
    assert now[0] == 60.0
    assert "there is no such folder" in call("watch", "tiny", "--store", tmp_path / "no").err
