"""The charts of the page: what stands where. `templates/chart.svg.j2` draws them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Literal

from markupsafe import Markup

from nasflow.report.analysis import pareto
from nasflow.report.axes import Tick, axis_ticks, axis_title, value_scale
from nasflow.report.environment import fill
from nasflow.report.figures import in_unit, plural, tick
from nasflow.report.scale import Scale, fit
from nasflow.report.table import Row, RowRounds
from nasflow.report.yardstick import Yardstick
from nasflow.search.measures import find_measure
from nasflow.search.record import ChildRecord
from nasflow.search.rounds import Arm
from nasflow.search.words import measure_words

WIDTH, HEIGHT = 480.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 76.0, 12.0, 14.0, 46.0

_TOUCH = 3.0
"""Nearer to each other than this, in pixels, two dots look like one."""

Points = tuple[tuple[float, float], ...]
"""In pixels."""


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
    is_over: bool
    """It breaks a limit, and cannot win."""
    clipped: Literal["low", "high"] | None
    """It lies beyond this end of the axis, where it is drawn."""


@dataclass(frozen=True)
class Polyline:
    """Points that are joined, in pixels; `kind` is its class in the style sheet."""

    kind: str
    points: Points


@dataclass(frozen=True)
class Chart:
    """The objective's measure upwards, against something."""

    label: str
    """What a reader who cannot see it is told."""
    x_title: str
    x_ticks: list[Tick]
    y: Scale
    start: float | None
    """The start network's value: a line across."""
    dots: list[Dot]
    lines: list[Polyline]
    start_x: float | None = None
    """Where the start network stands on that line, in pixels."""
    limit_x: float | None = None
    """Where the limit of what is drawn to the right stands, in pixels."""


@dataclass(frozen=True)
class Figure:
    """A chart with what is said below it: of nothing that is not drawn."""

    markup: Markup
    title: str
    caption: str
    has_clipped: bool
    """Whether a triangle stands for what lies beyond the axis."""
    has_over: bool
    """Whether a child breaks a limit."""


def rounds_chart(yardstick: Yardstick, rounds: RowRounds, start: float | None, best: str | None) -> Figure:
    """The figure over rounds: a dot a child, a line through each arm's means."""
    rows = _finished(rounds)
    y = _value_scale(yardstick, rows, start)
    x = fit([0.7, len(rounds) + 0.3], _LEFT, WIDTH - _RIGHT)
    side = {Arm.CONTROLLER: -0.12, Arm.RANDOM: 0.12}
    ticks = [Tick(x(value), tick(value)) for value in x.ticks if value >= 1 and value == int(value)]
    chart = Chart(
        label=f"{_sentence(yardstick.title)} of {plural(len(rows), 'child', 'children')} over "
        f"{plural(len(rounds), 'round')}, by arm",
        x_title="round",
        x_ticks=ticks,
        y=y,
        start=start,
        dots=_apart(
            (_dot(yardstick, row, x(row.round + side[row.arm]), y, best) for row in rows),
            0.1 * (x(2) - x(1)),
        ),
        lines=[Polyline(f"mean {arm}", _means(rounds, arm, x, y, side[arm])) for arm in Arm],
    )
    lines = " A line joins the means of an arm." if _drawn(chart) else ""
    spread = spread_words(yardstick, [row.value for row in rows if row.value is not None])
    return _figure(
        yardstick, chart, "over rounds", " ".join(filter(None, [f"A dot is a child.{lines}", spread]))
    )


def pareto_chart(
    yardstick: Yardstick, rounds: RowRounds, start: ChildRecord | None, cost: str, best: str | None
) -> Figure:
    """The figure against a cost: a dot a child, a line along those that no other one beats."""
    rows = [row for row in _finished(rounds) if _cost(row.record, cost) is not None]
    records = [row.record for row in rows if row.record]
    start_value, start_cost = yardstick.value(start), _cost(start, cost)
    y = _value_scale(yardstick, rows, start_value)
    costs = [value for each in (*records, start) if (value := _cost(each, cost)) is not None]
    limit = yardstick.judge.limits.get(cost)
    is_near = limit is not None and costs and min(costs) <= limit <= 1.25 * max(costs)
    x = fit([*costs, *([limit] if limit and is_near else [])], _LEFT, WIDTH - _RIGHT, ticks=4)
    front = pareto(yardstick, records, cost)
    chart = Chart(
        label=f"{_sentence(yardstick.title)} against {cost_words(cost)}; {len(front)} on the front",
        x_title=axis_title(cost_words(cost), find_measure(cost).unit),
        x_ticks=[each for each in axis_ticks(x, find_measure(cost).unit) if each.at >= x(0)],
        y=y,
        start=start_value,
        start_x=x(start_cost) if start_cost is not None and start_value is not None else None,
        limit_x=x(limit) if limit and is_near else None,
        dots=_apart(
            (_dot(yardstick, row, x(value), y, best, cost) for row, value in _priced(rows, cost)), 8.0
        ),
        lines=[Polyline("front", _staircase(yardstick, front, cost, x, y))],
    )
    words = cost_words(cost).removesuffix(" for one image")
    less = "smaller" if cost == "parameters" else "cheaper"
    stair = f" No child is both {less} and better than one on the stair." if _drawn(chart) else ""
    return _figure(yardstick, chart, f"against {words}", f"A dot is a child.{stair}")


def spread_words(yardstick: Yardstick, values: Sequence[float]) -> str:
    """How far the children are apart at most: an axis that is stretched makes a little look like much."""
    if len(values) < 2:
        return ""
    return f"All children lie within {yardstick.size(max(values) - min(values))} of each other."


def cost_words(cost: str) -> str:
    """What stands at the axis of a cost."""
    return "mult-adds for one image" if cost == "mult_adds" else measure_words(cost)


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _finished(rounds: RowRounds) -> list[Row]:
    return [row for each in rounds for row in each if row.value is not None]


def _cost(record: ChildRecord | None, cost: str) -> float | None:
    found = record.measures.get(cost) if record else None
    return found.value if found else None


def _priced(rows: Iterable[Row], cost: str) -> list[tuple[Row, float]]:
    return [(row, value) for row in rows if (value := _cost(row.record, cost)) is not None]


def _value_scale(yardstick: Yardstick, rows: Sequence[Row], start: float | None) -> Scale:
    values = [row.value for row in rows if row.value is not None]
    return value_scale(yardstick, values, start, HEIGHT - _BOTTOM, _TOP)


def _dot(
    yardstick: Yardstick, row: Row, x: float, y: Scale, best: str | None, cost: str | None = None
) -> Dot:
    value = y.low if row.value is None else row.value
    paid = _cost(row.record, cost) if cost else None
    extra = [in_unit(paid, find_measure(cost).unit)] if cost and paid is not None else []
    return Dot(
        x=x,
        y=y(value),
        arm=row.arm,
        row=row.label,
        hint=", ".join(
            [f"{row.label} {row.arm}: {yardstick.show(row.value)}", *extra, *filter(None, [row.breach])]
        ),
        is_best=row.child == best,
        is_over=row.breach is not None,
        clipped="low" if value < y.low else "high" if value > y.high else None,
    )


def _apart(dots: Iterable[Dot], most: float) -> list[Dot]:
    """Dots that would lie on each other side by side, at most so many pixels to each side."""
    places: dict[tuple[int, int], list[Dot]] = {}
    for dot in dots:
        places.setdefault((round(dot.x / _TOUCH), round(dot.y / _TOUCH)), []).append(dot)
    return [
        replace(dot, x=round(dot.x + (place - (len(group) - 1) / 2) * _step(len(group), most), 1))
        for group in places.values()
        for place, dot in enumerate(group)
    ]


def _step(count: int, most: float) -> float:
    return min(2 * _TOUCH, 2 * most / (count - 1)) if count > 1 else 0.0


def _means(rounds: RowRounds, arm: Arm, x: Scale, y: Scale, side: float) -> Points:
    """Of those that may win."""
    groups = [
        (
            rows[0].round,
            [row.value for row in rows if row.arm is arm and row.value is not None and not row.breach],
        )
        for rows in rounds
        if rows
    ]
    return tuple((x(number + side), y(fmean(group))) for number, group in groups if group)


def _staircase(yardstick: Yardstick, front: Sequence[ChildRecord], cost: str, x: Scale, y: Scale) -> Points:
    points: list[tuple[float, float]] = []
    for record in front:
        value, paid = yardstick.value(record), _cost(record, cost)
        if value is not None and paid is not None:
            here = x(paid), y(value)
            points += [(here[0], points[-1][1]), here] if points else [here]
    return tuple(points)


def _drawn(chart: Chart) -> list[Polyline]:
    """The lines that can be seen: one point makes none, nor do several that lie beneath one dot."""
    return [line for line in chart.lines if _extent(line.points) > _TOUCH]


def _extent(points: Points) -> float:
    """In pixels, the larger of width and height."""
    return max((max(axis) - min(axis) for axis in zip(*points, strict=True)), default=0.0)


def _figure(yardstick: Yardstick, chart: Chart, against: str, caption: str) -> Figure:
    return Figure(
        markup=_draw(yardstick, chart),
        title=f"{_sentence(yardstick.title)} {against}.",
        caption=caption,
        has_clipped=any(dot.clipped for dot in chart.dots),
        has_over=any(dot.is_over for dot in chart.dots),
    )


def _draw(yardstick: Yardstick, chart: Chart) -> Markup:
    return fill(
        "chart.svg.j2",
        chart=chart,
        width=WIDTH,
        height=HEIGHT,
        left=_LEFT,
        right=WIDTH - _RIGHT,
        top=_TOP,
        bottom=HEIGHT - _BOTTOM,
        y_title=axis_title(yardstick.title, yardstick.unit),
        y_ticks=axis_ticks(chart.y, yardstick.unit),
        start_y=None if chart.start is None else chart.y(chart.start),
        start_hint=f"start network: {yardstick.show(chart.start)}",
        # The best child last, so that it lies above the others.
        dots=sorted(chart.dots, key=lambda dot: dot.is_best),
        lines=_drawn(chart),
    )
