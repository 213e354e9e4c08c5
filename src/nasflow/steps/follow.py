"""Look at a search again and again, as who watches it does: from the store alone, and cheaply."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from nasflow.search.ledger import Ledger
from nasflow.search.record import Epoch
from nasflow.search.schedule import Task, Train, next_tasks
from nasflow.spec.child import ChildSpec
from nasflow.steps import attempts
from nasflow.steps.archive import Archive
from nasflow.steps.keys import spec_key
from nasflow.steps.ledger import Memory, read_ledger
from nasflow.steps.records import kept_epochs


@dataclass(frozen=True)
class OpenTraining:
    """A network that somebody has begun to train."""

    child: str
    attempt: int
    """From 1."""
    seconds: float
    """Of this attempt, until its last sign of life."""
    history: tuple[Epoch, ...]
    """The epochs that are kept, those of earlier attempts among them."""
    epochs: int
    """In all."""
    is_alive: bool
    """Whether its process gives signs of life; at first sight it does, unless it is known to have ended."""


@dataclass(frozen=True)
class SearchView:
    """A search at one moment."""

    store: str
    """The address of its store."""
    ledger: Ledger
    tasks: tuple[Task, ...]
    """What is to be done now; nothing: it is over."""
    trainings: tuple[OpenTraining, ...]
    """Of what is to be done now, that which was begun."""
    idle: float | None
    """Seconds for which nobody has been seen in training, where that is long enough to be told."""

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be done, for its present budget."""
        return not self.tasks

    @property
    def at_work(self) -> int:
        """How many networks are trained at this moment."""
        return sum(each.is_alive for each in self.trainings)


class Follower:
    """Sees one search, look after look: what is done is read from the store once."""

    def __init__(self, archive: Archive, search: str) -> None:
        self._archive, self._search = archive, search
        self._memory = Memory()
        self._pulse = attempts.Pulse()
        self._busy = time.monotonic()
        """When somebody was last seen in training."""

    def look(self) -> SearchView:
        """The search now; raise what `read_ledger` raises."""
        ledger = read_ledger(self._archive, self._search, self._memory)
        tasks = next_tasks(ledger)
        trainings = tuple(self._trainings(ledger, tasks))
        now = time.monotonic()
        if any(each.is_alive for each in trainings):
            self._busy = now
        idle = now - self._busy
        told = idle if idle >= attempts.STILL_SECONDS else None
        return SearchView(self._archive.store.url, ledger, tasks, trainings, told)

    def _trainings(self, ledger: Ledger, tasks: tuple[Task, ...]) -> Iterator[OpenTraining]:
        last = {each.child: each for each in ledger.attempts}
        for task in tasks:
            attempt = last.get(task.child) if isinstance(task, Train) else None
            if attempt and attempt.outcome is None:
                spec = self._archive.read(spec_key(attempt.child), ChildSpec)
                yield OpenTraining(
                    child=attempt.child,
                    attempt=attempt.number,
                    seconds=attempt.seconds,
                    history=kept_epochs(self._archive, attempt.child),
                    epochs=spec.recipe.epochs,
                    is_alive=self._pulse.is_felt(attempt.child, attempt.worker, attempt),
                )
