"""Networks by their parts: their drawing, and their description in words.

What is the same everywhere, one cell, is drawn as it is. Where places have parts of their own, each distinct
cell is drawn once, with its places, and everything else is a list of places and parts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import wrap

from markupsafe import Markup

from nasflow.report.description import describe_cell
from nasflow.report.drawing import Drawing, draw_cell, draw_part
from nasflow.report.environment import fill, source
from nasflow.report.figures import printable
from nasflow.spec.hosts import Host
from nasflow.spec.parts import CellPart, Parts
from nasflow.spec.tree import START_CELL, Tree

_MARGIN, _LINE, _CHARACTER = 18.0, 18.0, 7.4
_CAPTION, _ROWS, _MOST = 90, 24, 96
"""Characters of a line; of a list, lines a column, and lines at all."""


@dataclass(frozen=True)
class _Text:
    """A line of words, in pixels."""

    x: float
    y: float
    text: str


def network_text(parts: Parts, host: Host) -> str:
    """The parts as text; a host without cells has none to name while nothing is changed."""
    return str(parts) if parts.own or host.takes_cells else f"the {host.kind} as it is"


def draw_parts(parts: Parts, title: str = "") -> str:
    """A stand-alone SVG of a network's parts, which brings its own background in light and dark."""
    if not parts.own:
        return draw_cell(parts.cell, title)
    return str(_draw(parts, title, has_legend=True, style=source("cell.css")).markup)


def parts_in_page(parts: Parts, has_legend: bool = False) -> Markup:
    """The drawing as a part of a page that includes `cell.css` itself."""
    return (
        _draw(parts, "", has_legend, style=None) if parts.own else draw_part(parts.cell, has_legend)
    ).markup


def describe_parts(parts: Parts) -> str:
    """A plain-text description, for a terminal."""
    if not parts.own:
        return describe_cell(parts.cell)
    blocks = [f"{places}:\n{describe_cell(cell)}" for places, cell in _cells(parts)]
    return "\n\n".join([*blocks, *["\n".join(_others(parts))] * bool(_others(parts))])


def _cells(parts: Parts) -> Iterator[tuple[str, Tree]]:
    """Each distinct cell with the places that it stands in."""
    found: dict[Tree, list[str]] = {}
    for place, part in parts.own:
        if isinstance(part, CellPart):
            found.setdefault(part.tree, []).append(place)
    if parts.cell != START_CELL:
        yield "everywhere else", parts.cell
    for cell, places in found.items():
        yield ", ".join(places), cell


def _others(parts: Parts) -> list[str]:
    """What is no cell, a line a place."""
    return [f"{place}: {part.kind} {part}" for place, part in parts.own if not isinstance(part, CellPart)]


def _draw(parts: Parts, title: str, has_legend: bool, style: Markup | None) -> Drawing:
    """Everything below each other, from the left."""
    title = printable(title)
    y, width = _MARGIN + (30.0 if title else 0.0), _CHARACTER * len(title)
    words: list[_Text] = []
    cells: list[tuple[float, Markup]] = []
    for places, cell in _cells(parts):
        for line in wrap(places, _CAPTION):
            words.append(_Text(_MARGIN, y + 12, line))
            y, width = y + _LINE, max(width, _CHARACTER * len(line))
        drawing = draw_part(cell, has_legend)
        cells.append((y, drawing.markup))
        y, width = y + drawing.height + _MARGIN, max(width, drawing.width)
    x, last = _MARGIN, 0
    for column in _columns(_others(parts)):
        words += [_Text(x, y + 12 + _LINE * row, line) for row, line in enumerate(column)]
        x, last = x + _CHARACTER * max(map(len, column)) + _MARGIN, max(last, len(column))
    y, width = y + _LINE * last + _MARGIN / 2, max(width, x - 2 * _MARGIN)
    size = {"width": width + 2 * _MARGIN, "height": y}
    markup = fill(
        "network.svg.j2",
        **size,
        margin=_MARGIN,
        title=title,
        text=str(parts),
        style=style,
        cells=cells,
        words=words,
    )
    return Drawing(markup, **size)


def _columns(lines: list[str]) -> list[list[str]]:
    """The lines in columns that are filled evenly; of very many the last are counted only."""
    if len(lines) > _MOST:
        lines = [*lines[: _MOST - 1], f"and {len(lines) - _MOST + 1} more"]
    count = -(-len(lines) // _ROWS)
    rows = -(-len(lines) // max(1, count))
    return [lines[start : start + rows] for start in range(0, len(lines), rows)] if lines else []
