"""Where a training stands, in the store: written beside the training, which does not wait for it."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from nasflow.base.errors import NotFound
from nasflow.base.settings import CHECKPOINT_SECONDS
from nasflow.search.record import Checkpoint
from nasflow.steps.archive import Archive
from nasflow.steps.keys import checkpoint_key
from nasflow.store import blob_key, get_blob, put_blob
from nasflow.training.state import TrainingState

_SECONDS = 300
"""Between two checkpoints in the middle of an epoch: so much is lost at most when a long one is stopped."""


class CheckpointWriter:
    """A `with` block round a training; it ends when all that was given to it is in the store."""

    def __init__(self, archive: Archive, child: str, keep: Callable[[float], None]) -> None:
        """`keep` is told by `time.monotonic()` up to when all work is safe, from another thread."""
        self._archive, self._child, self._keep = archive, child, keep
        asked = CHECKPOINT_SECONDS.get()
        self._seconds = _SECONDS if asked is None else asked
        self._last = time.monotonic()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoints")
        self._going_on: Future[None] | None = None

    def is_due(self) -> bool:
        """Whether a checkpoint in the middle of an epoch is wanted by now."""
        is_written = self._going_on is None or self._going_on.done()
        return is_written and time.monotonic() - self._last >= self._seconds

    def write(self, state: TrainingState) -> None:
        """Begin to write; raise what the last writing has come to, if that went wrong."""
        self._wait()
        self._last = time.monotonic()
        self._going_on = self._thread.submit(self._write, state, self._last)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown()
        if error is None:
            self._wait()

    def _wait(self) -> None:
        if self._going_on is not None:
            self._going_on.result()

    def _write(self, state: TrainingState, reached: float) -> None:
        write_checkpoint(self._archive, self._child, state)
        self._keep(reached)


def read_checkpoint(archive: Archive, child: str) -> TrainingState | None:
    """The last checkpoint; None if there is none, or if its blob was deleted because it was damaged."""
    checkpoint, _ = archive.find_changing(checkpoint_key(child), Checkpoint)
    if checkpoint is None:
        return None
    try:
        return TrainingState.from_bytes(get_blob(archive.store, checkpoint.state), f"blob {checkpoint.state}")
    except NotFound:
        return None


def write_checkpoint(archive: Archive, child: str, state: TrainingState) -> None:
    """Replace the checkpoint, unless another process has come further with the same child."""
    key = checkpoint_key(child)
    present, version = archive.find_changing(key, Checkpoint)
    if present and present.reached >= state.reached and archive.store.exists(blob_key(present.state)):
        return
    digest = put_blob(archive.store, state.to_bytes())
    checkpoint = Checkpoint(child=child, state=digest, history=state.history, step=state.step)
    if archive.replace(key, checkpoint, version) and present and present.state != digest:
        archive.store.delete(blob_key(present.state))


def drop_checkpoint(archive: Archive, child: str) -> None:
    """Delete what a training would go on from, if there is something: then it begins again."""
    key = checkpoint_key(child)
    checkpoint, _ = archive.find_changing(key, Checkpoint)
    if checkpoint:
        archive.store.delete(key)
        archive.store.delete(blob_key(checkpoint.state))
