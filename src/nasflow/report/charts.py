"""The charts of the page: what stands where. `templates/chart.svg.j2` draws them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from markupsafe import Markup

from nasflow.report.analysis import Cost, pareto
from nasflow.report.environment import fill
from nasflow.report.figures import count, percent, tick
from nasflow.report.scale import Scale, fence, fit
from nasflow.report.table import Row
from nasflow.search.record import Arm, ChildRecord

WIDTH, HEIGHT = 480.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 62.0, 12.0, 14.0, 46.0

COST_NAMES: dict[Cost, str] = {"parameters": "parameters", "mult_adds": "mult-adds for one image"}


@dataclass(frozen=True)
class Dot:
    """One child, in pixels."""

    x: float
    y: float
    arm: Arm
    row: str
    """Label of its row in the table."""
    hint: str
    is_best: bool
    is_clipped: bool
    """It lies below the axis, at whose end it is drawn."""


@dataclass(frozen=True)
class Line:
    """A polyline in pixels; `kind` is its class in the style sheet."""

    kind: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Tick:
    """A mark of an axis, in pixels."""

    at: float
    label: str


@dataclass(frozen=True)
class Chart:
    """Held-out accuracy upwards, against something."""

    label: str
    """What a reader who cannot see it is told."""
    x_title: str
    x_ticks: list[Tick]
    y: Scale
    start: float | None
    """The start network's accuracy: a line across."""
    dots: list[Dot]
    lines: list[Line]
    start_x: float | None = None
    """Where the start network stands on that line, in pixels."""


def rounds_chart(rounds: Sequence[Sequence[Row]], start: float | None, best: str | None) -> Markup:
    """Held-out accuracy over rounds: a dot a child, a line through each arm's means."""
    rows = _finished(row for each in rounds for row in each)
    y = _accuracy_scale(rows, start)
    x = fit([0.7, len(rounds) + 0.3], _LEFT, WIDTH - _RIGHT)
    side = {Arm.CONTROLLER: -0.12, Arm.RANDOM: 0.12}
    ticks = [Tick(x(value), tick(value)) for value in x.ticks if value >= 1 and value == int(value)]
    chart = Chart(
        label=f"Held-out accuracy of {len(rows)} children over {len(rounds)} rounds, by arm",
        x_title="round",
        x_ticks=ticks,
        y=y,
        start=start,
        dots=[_dot(row, x(row.round + side[row.arm]), y, best, "") for row in rows],
        lines=[Line(f"mean {arm}", _means(rounds, arm, x, y, side[arm])) for arm in Arm],
    )
    return _draw(chart)


def pareto_chart(
    rounds: Sequence[Sequence[Row]], start: ChildRecord | None, cost: Cost, best: str | None
) -> Markup:
    """Held-out accuracy against a cost: a dot a child, a line along those that no other one beats."""
    rows = _finished(row for each in rounds for row in each)
    records = [row.record for row in rows if row.record]
    y = _accuracy_scale(rows, start.accuracy if start else None)
    values = [_value(record, cost) for record in (*records, *([start] if start else []))]
    x = fit(values, _LEFT, WIDTH - _RIGHT, ticks=4)
    front = pareto(records, cost)
    dots = [
        _dot(row, x(_value(row.record, cost)), y, best, count(_value(row.record, cost)))
        for row in rows
        if row.record
    ]
    chart = Chart(
        label=f"Held-out accuracy against {COST_NAMES[cost]}; {len(front)} children are on the front",
        x_title=COST_NAMES[cost],
        x_ticks=[Tick(x(value), tick(value)) for value in x.ticks if value >= 0],
        y=y,
        start=start.accuracy if start else None,
        start_x=x(_value(start, cost)) if start else None,
        dots=dots,
        lines=[Line("front", _staircase(front, cost, x, y))],
    )
    return _draw(chart)


def _finished(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.accuracy is not None]


def _accuracies(rows: Iterable[Row]) -> list[float]:
    return [row.accuracy for row in rows if row.accuracy is not None]


def _value(record: ChildRecord, cost: Cost) -> float:
    return float(getattr(record, cost))


def _accuracy_scale(rows: Sequence[Row], start: float | None) -> Scale:
    values = _accuracies(rows)
    least = fence(values)
    shown = [value for value in values if value >= least]
    return fit([*shown, *([] if start is None else [start])], HEIGHT - _BOTTOM, _TOP)


def _dot(row: Row, x: float, y: Scale, best: str | None, extra: str) -> Dot:
    accuracy = row.accuracy or 0.0
    hint = f"{row.label} {row.arm}: {percent(accuracy)}{', ' if extra else ''}{extra}"
    return Dot(x, y(accuracy), row.arm, row.label, hint, row.child == best, accuracy < y.low)


def _means(
    rounds: Sequence[Sequence[Row]], arm: Arm, x: Scale, y: Scale, side: float
) -> tuple[tuple[float, float], ...]:
    groups = [(rows[0].round, _accuracies(row for row in rows if row.arm is arm)) for rows in rounds if rows]
    return tuple((x(number + side), y(fmean(group))) for number, group in groups if group)


def _staircase(
    front: Sequence[ChildRecord], cost: Cost, x: Scale, y: Scale
) -> tuple[tuple[float, float], ...]:
    points: list[tuple[float, float]] = []
    for record in front:
        here = x(_value(record, cost)), y(record.accuracy or 0.0)
        points += [(here[0], points[-1][1]), here] if points else [here]
    return tuple(points)


def _draw(chart: Chart) -> Markup:
    step = chart.y.step
    digits = 0 if step >= 0.00999 else 1 if step >= 0.000999 else 2
    return fill(
        "chart.svg.j2",
        chart=chart,
        width=WIDTH,
        height=HEIGHT,
        left=_LEFT,
        right=WIDTH - _RIGHT,
        top=_TOP,
        bottom=HEIGHT - _BOTTOM,
        y_ticks=[Tick(chart.y(value), f"{100 * value:.{digits}f}") for value in chart.y.ticks],
        start_y=None if chart.start is None else chart.y(chart.start),
        start_hint=f"start network: {percent(chart.start)}",
        # The best child last, so that it lies above the others.
        dots=sorted(chart.dots, key=lambda dot: dot.is_best),
        lines=[line for line in chart.lines if len(line.points) > 1],
    )
