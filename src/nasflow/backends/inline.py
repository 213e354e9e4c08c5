"""The inline backend: every step in this process, one after the other."""

from collections.abc import Callable
from typing import Protocol

from nasflow.base.errors import SearchFailed
from nasflow.search.record import ChildRecord, FinishRecord, SearchStop
from nasflow.spec.child import ChildSpec
from nasflow.steps.advance import Done, Finish, Round, Start, advance
from nasflow.steps.archive import Archive, search_key
from nasflow.steps.child import run_child
from nasflow.steps.finish import select, test
from nasflow.steps.propose import propose
from nasflow.steps.update import update


class Watcher(Protocol):
    """Whoever looks on: a progress display, or nobody."""

    def stage(self, name: str, children: int) -> None:
        """A new stage begins: the start network, a round, the finish; with so many children to do."""

    def training(self, share: float) -> None:
        """The present child's training is so far, 0..1."""

    def child(self, record: ChildRecord) -> None:
        """A child is finished."""


def run(archive: Archive, search: str, watcher: Watcher, publish: Callable[[], None]) -> SearchStop:
    """Go on with a search until it is finished; the same whether it is new, was killed, or is extended.

    `publish` is called whenever there is something new to show. Raise SearchFailed where the failure
    budget is spent.
    """
    while True:
        match advance(archive, search):
            case Start():
                watcher.stage("start network", 1)
                start = archive.read(search_key(search, "start"), ChildSpec).id
                _run_child(archive, start, watcher, publish)
            case Round(number):
                _run_round(archive, search, number, watcher, publish)
            case Finish(stop):
                _finish(archive, search, stop, watcher, publish)
            case Done(stop):
                publish()
                if stop.best is None:
                    raise SearchFailed(f"search {search!r} stopped without a cell: {stop.detail}")
                return stop


def _run_round(
    archive: Archive, search: str, number: int, watcher: Watcher, publish: Callable[[], None]
) -> None:
    proposal = propose(archive, search, number)
    watcher.stage(f"round {number}", len(proposal.children))
    for child in proposal.children:
        _run_child(archive, child, watcher, publish)
    update(archive, search, number)


def _run_child(archive: Archive, child: str, watcher: Watcher, publish: Callable[[], None]) -> None:
    watcher.child(run_child(archive, child, watcher.training))
    publish()


def _finish(
    archive: Archive, search: str, stop: SearchStop, watcher: Watcher, publish: Callable[[], None]
) -> FinishRecord:
    finalists = select(archive, search, stop)
    watcher.stage("finish", len(finalists.ids))
    for child in finalists.ids:
        _run_child(archive, child, watcher, publish)
    return test(archive, search, stop, finalists)
