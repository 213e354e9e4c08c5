"""Whatever is next in a search, until nothing is: what a process does that sees a search through by itself.

Any number of them may work on one search, here or on other machines: each takes what nobody else is at.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from nasflow.search.record import RoundRecord
from nasflow.search.schedule import GiveUp, Learn, Propose, Task, Train
from nasflow.steps.archive import Archive
from nasflow.steps.attempts import wait_until_free
from nasflow.steps.execute import execute, tasks_of
from nasflow.steps.lanes import Lanes
from nasflow.steps.records import find_rung, read_record


class Watcher(Protocol):
    """Whoever looks on: a progress display, or nobody."""

    def stage(self, title: str, children: int) -> None:
        """A new stage begins: the start network, a round, the finish; with so many children to do."""

    def training(self, child: str, share: float) -> None:
        """A child's training is so far, 0..1; several may go on at the same time."""

    def child(self, record: RoundRecord) -> None:
        """A child is finished."""


def work(
    archive: Archive,
    search: str,
    tasks: Callable[[], Sequence[Task]],
    watcher: Watcher,
    lanes: int = 1,
) -> None:
    """Do all tasks that there are, ask for the next ones, and so on, until there are none.

    Raise what a task raises, and LaneLost where a lane was killed.
    """
    with Lanes(archive, search, lanes, watcher.training) as side_by_side:
        while found := tasks():
            trainings = [task for task in found if isinstance(task, Train)]
            if trainings:
                watcher.stage(trainings[0].title, len(trainings))
                rungs = {task.child: task.until for task in trainings}
                for child in side_by_side.train(trainings):
                    watcher.child(_result(archive, child, rungs[child]))
            else:
                for task in found:
                    if isinstance(task, Propose):
                        watcher.stage(f"round {task.round}: proposing", 0)
                    execute(archive, search, task)


def tasks_of_rounds(archive: Archive, search: str, patience: int | None = None) -> tuple[Task, ...]:
    """What is to be done now before the rounds are over, see `execute.tasks_of`; nothing of the finish.

    A child that would be given up is waited for while another worker may be at it.
    """
    found = tasks_of(archive, search, patience)
    hopeless = [task for task in found if isinstance(task, GiveUp)]
    for task in hopeless:
        wait_until_free(archive, task.child)
    return tuple(filter(_is_of_rounds, tasks_of(archive, search, patience) if hopeless else found))


def _is_of_rounds(task: Task) -> bool:
    return isinstance(task, Propose | Learn | GiveUp) or (isinstance(task, Train) and task.stage != "finish")


def _result(archive: Archive, child: str, until: int | None) -> RoundRecord:
    rung = find_rung(archive, child, until) if until else None
    return rung or read_record(archive, child)
