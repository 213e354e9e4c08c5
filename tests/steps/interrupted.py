"""Trainings that do not come to their end."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.steps.samples import open_archive

from nasflow.search.record import Attempt
from nasflow.steps.child import run_child
from nasflow.steps.keys import attempts_prefix


class Killed(BaseException):
    """Stands in for the end of a process: nothing of ours catches it."""


def killed_after(share: float) -> Callable[[float], None]:
    """A progress that ends the process once more than `share` of a training is done."""

    def progress(done: float) -> None:
        if done > share:
            raise Killed

    return progress


def train_until(share: float, store: Path, child: str) -> None:
    """Begin with a child in a process that ends after `share` of its training."""
    with pytest.raises(Killed):
        run_child(open_archive(store), child, killed_after(share))


def read_attempts(store: Path, child: str) -> list[Attempt]:
    """The attempts at a child, in order."""
    archive = open_archive(store)
    return [archive.read(key, Attempt) for key in archive.store.list(attempts_prefix(child))]


def out_of_memory(share: float) -> Callable[[float], None]:
    """A progress that finds no memory once more than `share` of a training is done."""

    def progress(done: float) -> None:
        if done > share:
            raise MemoryError

    return progress
