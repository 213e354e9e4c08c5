"""The inline backend: every step on this machine; children in as many lanes as it has cores."""

from collections.abc import Callable
from typing import Protocol

from nasflow.backends.lanes import Lanes
from nasflow.backends.outcome import outcome
from nasflow.search.record import RoundRecord
from nasflow.search.rounds import SearchStop
from nasflow.search.schedule import Propose, Train
from nasflow.steps.archive import Archive
from nasflow.steps.execute import execute, tasks_of
from nasflow.steps.records import find_rung, read_record


class Watcher(Protocol):
    """Whoever looks on: a progress display, or nobody."""

    def stage(self, title: str, children: int) -> None:
        """A new stage begins: the start network, a round, the finish; with so many children to do."""

    def training(self, child: str, share: float) -> None:
        """A child's training is so far, 0..1; several may go on at the same time."""

    def child(self, record: RoundRecord) -> None:
        """A child is finished."""


def run(
    archive: Archive, search: str, watcher: Watcher, publish: Callable[[], None], lanes: int = 1
) -> SearchStop:
    """Go on with a search until it is over; the same whether it is new, was killed, or is extended.

    `publish` is called whenever there is something new to show. Raise SearchFailed where nothing was found,
    and LaneLost where a lane was killed.
    """
    with Lanes(archive, search, lanes, watcher.training) as side_by_side:
        while tasks := tasks_of(archive, search):
            trainings = [task for task in tasks if isinstance(task, Train)]
            if trainings:
                watcher.stage(trainings[0].title, len(trainings))
                rungs = {task.child: task.until for task in trainings}
                for child in side_by_side.train(trainings):
                    watcher.child(_result(archive, child, rungs[child]))
                    publish()
            else:
                for task in tasks:
                    if isinstance(task, Propose):
                        watcher.stage(f"round {task.round}: proposing", 0)
                    execute(archive, search, task)
    publish()
    return outcome(archive, search)


def _result(archive: Archive, child: str, until: int | None) -> RoundRecord:
    rung = find_rung(archive, child, until) if until else None
    return rung or read_record(archive, child)
