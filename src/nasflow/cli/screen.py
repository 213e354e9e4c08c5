"""A search that is watched, on a terminal: one screen, made anew at each look."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nasflow.cli.columns import NetworkLine, NetworkTable
from nasflow.cli.looks import Look
from nasflow.cli.told import record_text, result_text
from nasflow.report.figures import plural
from nasflow.report.roles import roles
from nasflow.report.sparkline import Curves, block
from nasflow.report.table import RowRounds, rows
from nasflow.report.yardstick import Yardstick
from nasflow.search.costs import costs
from nasflow.search.ledger import Ledger
from nasflow.search.record import Epoch, FailedRecord, RoundRecord, RungRecord
from nasflow.search.words import time_words
from nasflow.steps.follow import OpenTraining, SearchView

_CURVE = 16
"""Columns of a terminal."""

_ROUNDS = 6
"""So many are shown, the latest."""

_AROUND = 10
"""Lines of a screen that are none of the networks': heads, empty lines, the prompt, and two that the head may
have more than it has rows."""


@dataclass(frozen=True)
class _Network:
    """One that is being looked at."""

    name: str
    arm: str
    record: RoundRecord | None
    training: OpenTraining | None

    @property
    def state(self) -> str:
        if self.record:
            return "stopped" if isinstance(self.record, RungRecord) else self.record.status
        if self.training:
            return "training" if self.training.is_alive else "no sign of life"
        return "waiting"

    @property
    def history(self) -> tuple[Epoch, ...]:
        if self.record:
            return self.record.history
        return self.training.history if self.training else ()


def screen(look: Look, height: int) -> Group:
    """A search at one moment in `height` lines."""
    view, lines = look.view, look.cluster.lines
    head, told = _head(look), _rounds(rows(view.ledger), Yardstick.of(view.ledger.config))
    below = [Text(line, overflow="ellipsis", no_wrap=True) for line in lines]
    left = height - _AROUND - head.row_count - (told.row_count if told else 0) - len(below)
    parts: list[RenderableType] = [head]
    if look.silence:
        # Not in the table, which cuts what is long.
        parts.append(Text(look.silence, style="yellow"))
    parts.append(Text())
    if told:
        parts += [told, Text()]
    parts.append(_networks(view, max(3, left)))
    return Group(*parts, *([Text()] if below else []), *below)


def _head(look: Look) -> Table:
    view, ledger, table = look.view, look.view.ledger, Table.grid(padding=(0, 2), expand=True)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="ellipsis", no_wrap=True, ratio=1)
    table.add_row("search", Text(f"{ledger.config.name}: {look.standing}", overflow="fold", no_wrap=False))
    if ledger.chosen:
        table.add_row("best", Text(record_text(ledger, ledger.chosen)))
    cost = costs(ledger)
    spent = f"{time_words(cost.cpu.total + cost.gpu.total)} of training"
    if cost.gpu.total:
        spent += f", {time_words(cost.gpu.total)} of it on GPUs"
    at_work = f"{plural(view.at_work, 'network')} in training"
    table.add_row("spent", Text(f"{spent}; {at_work}", overflow="fold", no_wrap=False))
    return table


def _rounds(found: RowRounds, yardstick: Yardstick) -> Table | None:
    """A row a round: its children by their figures, from the lowest of all to the highest."""
    values = [row.value for each in found for row in each if row.value is not None]
    if not values:
        return None
    table = _table("round", "done", "children", f"best {yardstick.title}")
    for each in found[-_ROUNDS:]:
        own = [row.value for row in each if row.value is not None]
        best = max(own, key=lambda value: yardstick.sign * value, default=None)
        done = sum(row.record is not None for row in each)
        bars = "".join(block(value, min(values), max(values)) for value in own)
        table.add_row(str(each[0].round if each else ""), f"{done}/{len(each)}", bars, yardstick.show(best))
    return table


def _networks(view: SearchView, most: int) -> NetworkTable:
    """A row a network of what the search is at, the finished ones first to go where there is no room."""
    found = list(_listed(view))
    curves = Curves(Yardstick.of(view.ledger.config), found)
    late = [each for each in found if each.record is None][:most]
    early = [each for each in found if each.record]
    shown = [*early[len(early) - min(len(early), most - len(late)) :], *late]
    return NetworkTable([_line(view.ledger, each, curves) for each in shown])


def _line(ledger: Ledger, network: _Network, curves: Curves) -> NetworkLine:
    record, training, done = network.record, network.training, len(network.history)
    is_open = training is not None and record is None
    epochs = str(done or "")
    if training and is_open:
        again = f" (attempt {training.attempt})" if training.attempt > 1 else ""
        epochs = f"{done}/{training.epochs}{again}"
    return NetworkLine(
        name=network.name,
        arm=network.arm,
        state=network.state,
        epochs=epochs,
        progress=(done, training.epochs) if training and is_open else None,
        curve=curves.blocks(network.history, _CURVE),
        figure=result_text(ledger, record) if record else "",
        short_figure=result_text(ledger, record, is_short=True) if record else "",
        is_failed=isinstance(record, FailedRecord),
    )


def _listed(view: SearchView) -> Iterator[_Network]:
    """The start network, the newest round, or the networks at full size."""
    ledger, trainings = view.ledger, {each.child: each for each in view.trainings}
    named = roles(ledger)
    for child, arm, record in _at(ledger):
        yield _Network(named.get(child, child), arm, record, trainings.get(child))


def _at(ledger: Ledger) -> Iterator[tuple[str, str, RoundRecord | None]]:
    if ledger.at_full_size:
        known = {each.spec.id: each.record for each in ledger.at_full_size}
        yield from ((child, "", record) for child, record in known.items())
    elif ledger.rounds:
        newest = ledger.rounds[-1]
        for child, episode, record in zip(
            newest.proposal.children, newest.proposal.episodes, newest.records, strict=True
        ):
            yield child, episode.arm, record
    else:
        yield ledger.start_spec.id, "", ledger.start


def _table(*heads: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for head in heads:
        table.add_column(head, overflow="ellipsis", no_wrap=True)
    return table
