"""The inline backend: every step on this machine; children in as many lanes as it has cores."""

from collections.abc import Callable
from dataclasses import dataclass

from nasflow.backends.outcome import outcome
from nasflow.search.record import RoundRecord
from nasflow.search.rounds import SearchStop
from nasflow.steps.archive import Archive
from nasflow.steps.execute import tasks_of
from nasflow.steps.work import Watcher, work


def run(
    archive: Archive, search: str, watcher: Watcher, publish: Callable[[], None], lanes: int = 1
) -> SearchStop:
    """Go on with a search until it is over; the same whether it is new, was killed, or is extended.

    `publish` is called whenever there is something new to show. Raise SearchFailed where nothing was found,
    and LaneLost where a lane was killed.
    """
    work(archive, search, lambda: tasks_of(archive, search), _Publishing(watcher, publish), lanes)
    publish()
    return outcome(archive, search)


@dataclass(frozen=True)
class _Publishing:
    """A watcher with whom each finished child is shown to others too."""

    watcher: Watcher
    publish: Callable[[], None]

    def stage(self, title: str, children: int) -> None:
        """See Watcher."""
        self.watcher.stage(title, children)

    def training(self, child: str, share: float) -> None:
        """See Watcher."""
        self.watcher.training(child, share)

    def child(self, record: RoundRecord) -> None:
        """See Watcher."""
        self.watcher.child(record)
        self.publish()
