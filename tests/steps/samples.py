"""The smallest searches there are: every step runs for real, in tenths of a second."""

import atexit
import functools
import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nasflow.backends.inline import run
from nasflow.search.config import SearchConfig
from nasflow.search.ledger import Ledger
from nasflow.search.record import FailedRecord, RoundRecord, TrainedRecord
from nasflow.search.rounds import SearchStop
from nasflow.steps.archive import Archive
from nasflow.steps.begin import begin
from nasflow.steps.ledger import read_ledger
from nasflow.store import open_store

HOST = {"kind": "densenet", "growth": 4, "blocks": 1, "stages": 2}

TINY: dict[str, Any] = {
    "name": "tiny",
    "seed": 1,
    "data": {"name": "digits", "held_out": 100, "train_images": 150},
    "host": HOST,
    "start": {"epochs": 1, "learning_rate": 0.1},
    "child": {"epochs": 1},
    "objective": "held_out_accuracy",
    "space": {"max_depth": 2},
    "children_per_round": 2,
    "random_share": 0.5,
    "budget": {"children": 4},
    "finish": {"host": HOST, "recipe": {"epochs": 1, "learning_rate": 0.1}, "controls": ["start"]},
}
"""Two rounds of two children, one of them the controller's."""

DIVERGING = {"start": {"epochs": 1, "learning_rate": 0.1}, "child": {"epochs": 1, "learning_rate": 1e9}}
"""A start network that trains, and children that cannot."""

LONGER = {"epochs": 3, "learning_rate": 0.05}
"""A child's recipe with checkpoints to be killed between."""


def config(**changes: Any) -> SearchConfig:
    """The tiny search with other values."""
    return SearchConfig.model_validate(TINY | changes)


def open_archive(url: str | Path) -> Archive:
    """The documents of a store as a new process sees them: nothing is remembered."""
    return Archive(open_store(str(url)))


class Nobody:
    """Looks on and says nothing."""

    def stage(self, title: str, children: int) -> None:
        """See Watcher."""

    def training(self, child: str, share: float) -> None:
        """See Watcher."""

    def child(self, record: RoundRecord) -> None:
        """See Watcher."""


def run_search(url: str | Path, wanted: SearchConfig) -> SearchStop:
    """Begin a search and run it to its end, inline."""
    archive = open_archive(url)
    return run(archive, begin(archive, wanted), Nobody(), lambda: None)


def ledger_of(url: str | Path, search: str = "tiny") -> Ledger:
    """A search as a new process reads it."""
    return read_ledger(open_archive(url), search)


def trained(record: object) -> TrainedRecord:
    """A record that must be of a child that was trained."""
    assert isinstance(record, TrainedRecord), record
    return record


def failed(record: object) -> FailedRecord:
    """A record that must be of a child that failed, told in one line."""
    assert isinstance(record, FailedRecord), record
    assert "\n" not in record.failure
    return record


def documents(archive: Archive, but: Iterable[str] = ()) -> dict[str, bytes]:
    """Everything in a store, by key, without the keys that hold a text of `but`."""
    keys = [key for key in archive.store.list("") if not any(text in key for text in but)]
    return {key: archive.store.read(key) for key in keys}


def copy_of_finished(folder: Path, **changes: Any) -> Path:
    """A store with the tiny search, finished, in `folder`: a test may do with it what it likes.

    With `changes` one of other values. Each is run once a session, whatever tests ask for it.
    """
    return Path(shutil.copytree(finished_once(**changes), folder / "store"))


def finished_once(**changes: Any) -> Path:
    """As `copy_of_finished`, for tests that only read: the store is everybody's."""
    return _finished(json.dumps(changes, sort_keys=True))


def until_the_end() -> Path:
    """An empty folder that is there until this process ends."""
    folder = tempfile.mkdtemp(prefix="nasflow-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@functools.cache
def _finished(changes: str) -> Path:
    folder = until_the_end() / "store"
    run_search(folder, config(**json.loads(changes)))
    return folder
