"""Progress bars on a terminal, nothing in a pipe."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from nasflow.search.record import RoundRecord
    from nasflow.search.resolved import ResolvedConfig


class Display:
    """A bar for all children, one for this stage's, and one for each that is being trained. A `Watcher`."""

    def __init__(self, config: "ResolvedConfig") -> None:
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
        self._is_round = False
        self._judge, self._host = config.judge, config.host
        self._trainings: dict[str, TaskID] = {}
        self._counted: set[str] = set()

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
        self._is_round = title.startswith("round")
        self._stage = self._progress.add_task(title, total=children)

    def training(self, child: str, share: float) -> None:
        """Move the child's bar."""
        if child not in self._trainings:
            self._trainings[child] = self._progress.add_task(f"  {child}, %", total=100)
        self._progress.update(self._trainings[child], completed=round(100 * share))

    def child(self, record: "RoundRecord") -> None:
        """Count a finished child and say what it brought."""
        from nasflow.report.network import network_text

        self._progress.console.print(
            f"{record.child}  {self._said(record)}  {network_text(record.parts, self._host)}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        if record.child in self._trainings:
            self._progress.remove_task(self._trainings.pop(record.child))
        if self._stage is not None:
            self._progress.advance(self._stage)
        if self._is_round and record.child not in self._counted:
            self._counted.add(record.child)
            self._progress.advance(self._search)

    def _said(self, record: "RoundRecord") -> str:
        """What it brought, by the objective; or why it failed, or cannot win."""
        from nasflow.search.words import figure_text

        if record.status == "failed":
            return record.failure
        breach = self._judge.breach(record.measures)
        name = self._judge.objective.measure
        # Which people know, whatever it is judged by.
        known = dict.fromkeys((name, "held_out_accuracy"))
        # A network that was brought, and not trained, has no training loss.
        said = ", ".join(
            figure_text(each, found.value if (found := record.measures.get(each)) else None) for each in known
        )
        if record.status == "rung":
            said += f" after epoch {len(record.history)}"
        return f"{said} ({breach})" if breach else said


def _children(config: "ResolvedConfig") -> int | None:
    """Children that the budget allows, where it says so."""
    budget = config.budget
    by_rounds = budget.rounds and budget.rounds * config.children_per_round
    limits = [limit for limit in (budget.children, by_rounds) if limit]
    return min(limits, default=None)
