"""The networks of a screen, in the columns that a terminal has room for: what matters least goes first."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

_BAR, _GAP = 12, 2
"""Columns of a terminal."""

_REASON = 20
"""So much of why a network failed is enough, where there is no room for all of it."""


@dataclass(frozen=True)
class NetworkLine:
    """What is told of one network."""

    name: str
    arm: str
    state: str
    epochs: str
    progress: tuple[int, int] | None
    """Epochs that are done, of how many; None: it is not in training."""
    curve: str
    figure: str
    short_figure: str
    """Without the measures' names."""
    is_failed: bool


@dataclass(frozen=True)
class _Form:
    """One way to write the lines down."""

    left_out: frozenset[str] = frozenset()
    is_short: bool = False
    """Whether names and figures are."""


_FORMS = (
    _Form(),
    _Form(frozenset({"curve"})),
    _Form(frozenset({"curve", ""})),
    _Form(is_short=True),
    _Form(frozenset({"curve"}), is_short=True),
    _Form(frozenset({"curve", ""}), is_short=True),
    _Form(frozenset({"curve", "", "arm"}), is_short=True),
    _Form(frozenset({"curve", "", "arm", "epochs"}), is_short=True),
)
"""The first that fits is taken: a network's name, its state and its figure are in each."""


@dataclass(frozen=True)
class NetworkTable:
    """A row a network; it asks the terminal how wide it is."""

    lines: Sequence[NetworkLine]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        """The lines, in the fullest form for which there is room."""
        fitting = (form for form in _FORMS if self._width(form) <= options.max_width)
        yield self._table(next(fitting, _FORMS[-1]))

    def _width(self, form: _Form) -> int:
        columns = self._columns(form)
        widths = [max(map(_width, (head, *cells))) for head, cells in columns.items() if head != "figure"]
        figures = zip(self.lines, columns["figure"], strict=True)
        needed = [min(_width(cell), _REASON) if line.is_failed else _width(cell) for line, cell in figures]
        return sum(widths) + _GAP * len(widths) + max(needed, default=0)

    def _table(self, form: _Form) -> Table:
        # The last column alone is cut, and only where the others leave it too little.
        table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, header_style="dim", expand=True)
        columns = self._columns(form)
        for head in columns:
            table.add_column(head, overflow="ellipsis", no_wrap=True, ratio=1 if head == "figure" else None)
        for row in zip(*columns.values(), strict=True):
            table.add_row(*row)
        return table

    def _columns(self, form: _Form) -> dict[str, list[RenderableType]]:
        """By head; without those in which nothing stands."""
        lines, names = self.lines, [each.name for each in self.lines]
        found: dict[str, list[RenderableType]] = {
            "network": [Text(name) for name in (_short(names) if form.is_short else names)],
            "arm": [each.arm for each in lines],
            "state": [Text(each.state, style="red" if each.is_failed else "") for each in lines],
            "epochs": [each.epochs for each in lines],
            "": [_bar(each) for each in lines],
            "curve": [each.curve for each in lines],
            "figure": [Text(each.short_figure if form.is_short else each.figure) for each in lines],
        }
        kept = {"network", "state", "figure"}
        return {
            head: cells
            for head, cells in found.items()
            if head in kept or (head not in form.left_out and any(map(_width, cells)))
        }


def _width(cell: RenderableType) -> int:
    if isinstance(cell, ProgressBar):
        return _BAR
    return cell_len(cell.plain if isinstance(cell, Text) else str(cell))


def _bar(line: NetworkLine) -> RenderableType:
    if line.progress is None:
        return ""
    done, epochs = line.progress
    return ProgressBar(epochs, done, width=_BAR)


def _short(names: Sequence[str]) -> list[str]:
    """Names without what the screen's head says too, and without the seed, where there is one alone."""
    short = [name.replace(" at full size", "") for name in names]
    seeds = {found.group() for name in short if (found := re.search(r", seed \d+$", name))}
    return [re.sub(r", seed \d+$", "", name) for name in short] if len(seeds) == 1 else short
