"""The drawing of a tree-structured cell: a stand-alone SVG, input above and output below."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from nasflow.report.environment import fill, source
from nasflow.report.figures import printable
from nasflow.report.layout import layout
from nasflow.report.operations import FAMILIES, FAMILY_PHRASES, PHRASES, Family
from nasflow.report.shapes import Box, Group, Mark, Point, Symbol, Wire
from nasflow.spec.tree import Tree

_MARGIN, _TITLE_HEIGHT, _CHARACTER_WIDTH = 18.0, 30.0, 9.0
_LEGEND_WIDTH, _LEGEND_ROW = 310.0, 20.0
_CORNER = 8.0

_LEGEND = {
    Symbol.COPY: "copy: every branch reads all channels",
    Symbol.SPLIT: "split: every branch reads its own channels",
    Symbol.MEAN: "mean of the branches (merge add)",
    Symbol.CONCAT: "concatenation of the branches",
    Symbol.CUT: "cut: each branch writes its share, concatenated",
    Symbol.NORM: "BatchNorm, then added to the shortcut",
}


@dataclass(frozen=True)
class _Canvas:
    """Where the cell stands on the paper, in pixels."""

    width: float
    height: float
    x: float
    y: float
    legend_rows: int


@dataclass(frozen=True)
class Drawing:
    """An SVG and its size, in pixels."""

    markup: Markup
    width: float
    height: float


def draw_cell(tree: Tree, title: str = "") -> str:
    """A stand-alone SVG of `tree`, which brings its own background in light and dark."""
    return str(_draw(tree, title, has_legend=True, style=source("cell.css")).markup)


def draw_part(tree: Tree, has_legend: bool = False) -> Drawing:
    """The drawing as a part of a page or picture that includes `cell.css` itself."""
    return _draw(tree, "", has_legend, style=None)


def _draw(tree: Tree, title: str, has_legend: bool, style: Markup | None) -> Drawing:
    cell = layout(tree)
    families = _families(cell) if has_legend else []
    symbols = _legend_symbols(cell) if has_legend else []
    title = printable(title)
    canvas = _canvas(cell, title, len(families) + len(symbols))
    rows = canvas.legend_rows
    markup = fill(
        "cell.svg.j2",
        canvas=canvas,
        title=title,
        text=str(tree),
        style=style,
        wires=[wire for wire in cell.shapes if isinstance(wire, Wire)],
        boxes=[box for box in cell.shapes if isinstance(box, Box)],
        marks=[mark for mark in cell.shapes if isinstance(mark, Mark)],
        families=families,
        symbols=symbols,
        places=[
            (_MARGIN + _LEGEND_WIDTH * column, canvas.y + cell.height + _MARGIN + _LEGEND_ROW * (row + 0.5))
            for column, row in (divmod(number, rows) for number in range(len(families) + len(symbols)))
        ],
        **_LOOKUPS,
    )
    return Drawing(markup, canvas.width, canvas.height)


def _canvas(cell: Group, title: str, entries: int) -> _Canvas:
    """Paper for the cell, its title and the entries of its legend; the cell stands in the middle."""
    least = max(_LEGEND_WIDTH if entries else 0.0, _CHARACTER_WIDTH * len(title))
    inner = max(least, cell.left + cell.right)
    rows = -(-entries // max(1, int(inner // _LEGEND_WIDTH)))
    top = _MARGIN + (_TITLE_HEIGHT if title else 0)
    return _Canvas(
        width=inner + 2 * _MARGIN,
        height=top + cell.height + rows * _LEGEND_ROW + (2 if entries else 1) * _MARGIN,
        x=_MARGIN + (inner - cell.right + cell.left) / 2,
        y=top,
        legend_rows=rows,
    )


def _families(cell: Group) -> list[Family]:
    used = {FAMILIES[shape.operation] for shape in cell.shapes if isinstance(shape, Box)}
    return [family for family in Family if family in used]


def _legend_symbols(cell: Group) -> list[Symbol]:
    used = {shape.symbol for shape in cell.shapes if isinstance(shape, Mark)}
    return [symbol for symbol in _LEGEND if symbol in used]


def rounded(points: Iterable[Point]) -> str:
    """SVG path data along `points`, with round corners where it turns."""
    corners = _corners(points)
    parts = [f"M{_pair(corners[0])}"]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        radius = min(_CORNER, _length(before, corner) / 2, _length(corner, after) / 2)
        parts.append(f"L{_pair(_towards(corner, before, radius))}")
        parts.append(f"Q{_pair(corner)} {_pair(_towards(corner, after, radius))}")
    return "".join([*parts, f"L{_pair(corners[-1])}"])


def _corners(points: Iterable[Point]) -> list[Point]:
    """The points without those at which nothing turns."""
    given = list(points)
    unequal = [given[0], *(after for before, after in pairwise(given) if before != after)]
    inner = [
        point
        for before, point, after in zip(unequal, unequal[1:], unequal[2:], strict=False)
        if not (before[0] == point[0] == after[0] or before[1] == point[1] == after[1])
    ]
    return [unequal[0], *inner, unequal[-1]]


def _length(start: Point, end: Point) -> float:
    """Of a horizontal or vertical segment."""
    return abs(start[0] - end[0]) + abs(start[1] - end[1])


def _towards(start: Point, end: Point, distance: float) -> Point:
    share = distance / _length(start, end)
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


def _pair(point: Point) -> str:
    return f"{round(point[0], 1):.9g} {round(point[1], 1):.9g}"


def thickness(share: float) -> float:
    """Of a wire, in pixels: by the root of what it carries, so that a half still looks like one."""
    return round(max(0.9, 2.6 * math.sqrt(share)), 1)


_LOOKUPS = {
    "family_of": FAMILIES,
    "family_phrases": FAMILY_PHRASES,
    "phrases": PHRASES,
    "legend": _LEGEND,
    "rounded": rounded,
    "thickness": thickness,
}
