"""How a search is shown while it runs here: progress bars on a terminal, a line a network in a pipe."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from nasflow.base.terminal import side_console
from nasflow.cli.told import record_text, standing_text

if TYPE_CHECKING:
    from nasflow.search.record import RoundRecord
    from nasflow.steps.follow import Follower


class Display:
    """A bar for all children, one for this stage's, and one for each that is being trained. A `Watcher`."""

    def __init__(self, follower: "Follower", lanes: int) -> None:
        """`lanes` networks are trained at the same time."""
        from nasflow.search.outlook import counted_children

        self._follower, self._lanes = follower, lanes
        self._view = follower.look()
        console = side_console()
        self._is_terminal = console.is_terminal
        self._progress = Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(elapsed_when_finished=True),
            console=console,
            disable=not self._is_terminal,
        )
        config = self._view.ledger.config
        self._search = self._progress.add_task(f"search {config.name}", total=counted_children(config))
        self._stage: TaskID | None = None
        self._trainings: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def stage(self, title: str, children: int) -> None:
        """Begin a stage's bar in the place of the last one."""
        if self._stage is not None:
            self._progress.remove_task(self._stage)
        self._stage = self._progress.add_task(title, total=children)
        self._look()

    def training(self, child: str, share: float) -> None:
        """Move the child's bar."""
        if child not in self._trainings:
            from nasflow.report.roles import roles

            role = roles(self._view.ledger).get(child, child)
            self._trainings[child] = self._progress.add_task(f"  {role}, %", total=100)
        self._progress.update(self._trainings[child], completed=round(100 * share))

    def child(self, record: "RoundRecord") -> None:
        """Count a finished network and say what it brought; in a pipe, where the search stands too."""
        self._look()
        said = record_text(self._view.ledger, record)
        if not self._is_terminal:
            said = f"{standing_text(self._view, self._lanes)}  {said}"
        self._progress.console.print(said, markup=False, highlight=False, soft_wrap=True)
        if record.child in self._trainings:
            self._progress.remove_task(self._trainings.pop(record.child))
        if self._stage is not None:
            self._progress.advance(self._stage)

    def _look(self) -> None:
        self._view = self._follower.look()
        self._progress.update(self._search, completed=len(self._view.ledger.children))
