"""Progress bars on a terminal, nothing in a pipe."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from nasflow.search.config import SearchConfig
from nasflow.search.record import ChildRecord


class Display:
    """Three bars: all children, this stage's children, this child's training. A `Watcher`."""

    def __init__(self, config: SearchConfig) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
            disable=not console.is_terminal,
        )
        self._search = self._progress.add_task(f"search {config.name}", total=_children(config))
        self._stage: TaskID | None = None
        self._training = self._progress.add_task("training, %", total=100)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def stage(self, name: str, children: int) -> None:
        """Begin a stage's bar in the place of the last one."""
        if self._stage is not None:
            self._progress.remove_task(self._stage)
        self._is_round = name.startswith("round")
        self._stage = self._progress.add_task(name, total=children)

    def training(self, share: float) -> None:
        """Move the child's bar."""
        if share <= self._progress.tasks[1].completed / 100:
            self._progress.reset(self._training)
        self._progress.update(self._training, completed=round(100 * share))

    def child(self, record: ChildRecord) -> None:
        """Count a finished child and say what it brought."""
        said = record.failure if record.accuracy is None else f"{100 * record.accuracy:.2f} % held-out"
        self._progress.console.print(
            f"{record.child}  {said}  {record.cell}", markup=False, highlight=False, soft_wrap=True
        )
        if self._stage is not None:
            self._progress.advance(self._stage)
        if self._is_round:
            self._progress.advance(self._search)


def _children(config: SearchConfig) -> int | None:
    """Children that the budget allows, where it says so."""
    budget = config.budget
    by_rounds = budget.rounds and budget.rounds * config.children_per_round
    limits = [limit for limit in (budget.children, by_rounds) if limit]
    return min(limits, default=None)
