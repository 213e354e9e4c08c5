"""The cost ledger: one record an attempt at a child, kept up to date so that a kill loses little of it."""

import time
from types import TracebackType
from typing import Self

from nasflow.base.errors import ChildFailed
from nasflow.search.record import Attempt
from nasflow.steps.archive import Archive
from nasflow.steps.keys import attempt_key, attempts_prefix

BEAT_SECONDS = 10.0
"""Time between two signs of life: so much may be missing from a killed attempt's seconds."""


class AttemptLog:
    """A `with` block round one process's work on one child."""

    def __init__(self, archive: Archive, child: str, device: str) -> None:
        self._archive = archive
        self._version: str | None = None
        self._begun = self._last = time.monotonic()
        self._kept = 0.0
        self._attempt = Attempt(
            child=child, number=0, device=device, seconds=0.0, kept_seconds=0.0, outcome=None
        )

    def __enter__(self) -> Self:
        number = len(self._archive.store.list(attempts_prefix(self._attempt.child)))
        while self._version is None:
            number += 1
            self._attempt = self._attempt.model_copy(update={"number": number})
            self._version = self._archive.replace(self._key, self._attempt, None)
        return self

    def beat(self) -> None:
        """Say that the work goes on; written at most every `BEAT_SECONDS`."""
        if time.monotonic() - self._last >= BEAT_SECONDS:
            self._write()

    def keep(self) -> None:
        """Say that all done so far is safe in the store."""
        self._kept = time.monotonic() - self._begun
        self._write()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._attempt = self._attempt.model_copy(update={"outcome": "useful"})
            self.keep()
        elif isinstance(error, ChildFailed):
            self._attempt = self._attempt.model_copy(update={"outcome": "failed"})
            self._write()

    @property
    def _key(self) -> str:
        return attempt_key(self._attempt.child, self._attempt.number)

    def _write(self) -> None:
        self._last = time.monotonic()
        self._attempt = self._attempt.model_copy(
            update={"seconds": self._last - self._begun, "kept_seconds": self._kept}
        )
        self._version = self._archive.replace(self._key, self._attempt, self._version) or self._version
