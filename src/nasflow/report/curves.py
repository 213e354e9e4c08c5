"""Several curves in one picture: a file of its own, for a page of docs or a browser."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nasflow.report.environment import fill, source
from nasflow.report.figures import tick
from nasflow.report.scale import fit

WIDTH, HEIGHT = 640.0, 380.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 70.0, 110.0, 40.0, 46.0
_LABEL_HEIGHT = 16.0


@dataclass(frozen=True)
class Band:
    """A curve with its range: all of one length."""

    x: Sequence[float]
    mean: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True)
class _Drawn:
    name: str
    kind: int
    """Which of the colours."""
    line: str
    area: str
    label_y: float


def draw_curves(bands: Mapping[str, Band], title: str, x_title: str, y_title: str) -> str:
    """An SVG: each band's mean as a line, its range as a shade, its name at its end."""
    x = fit([each for band in bands.values() for each in band.x], _LEFT, WIDTH - _RIGHT)
    values = [each for band in bands.values() for part in (band.low, band.high) for each in part]
    y = fit(values, HEIGHT - _BOTTOM, _TOP)
    labels = _apart([y(band.mean[-1]) for band in bands.values()])
    drawn = [
        _Drawn(
            name=name,
            kind=number,
            line=_points([(x(at), y(value)) for at, value in zip(band.x, band.mean, strict=True)]),
            area=_points(
                [(x(at), y(value)) for at, value in zip(band.x, band.high, strict=True)]
                + [(x(at), y(value)) for at, value in zip(band.x, band.low, strict=True)][::-1]
            ),
            label_y=labels[number],
        )
        for number, (name, band) in enumerate(bands.items())
    ]
    return str(
        fill(
            "curves.svg.j2",
            css=source("curves.css"),
            bands=drawn,
            title=title,
            x_title=x_title,
            y_title=y_title,
            x_ticks=[(x(value), tick(value)) for value in x.ticks],
            y_ticks=[(y(value), tick(round(value, 6))) for value in y.ticks],
            width=WIDTH,
            height=HEIGHT,
            left=_LEFT,
            right=WIDTH - _RIGHT,
            top=_TOP,
            bottom=HEIGHT - _BOTTOM,
        )
    )


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)


def _apart(places: Sequence[float]) -> list[float]:
    """The places, moved down where they would lie on each other."""
    found = list(places)
    order = sorted(range(len(found)), key=found.__getitem__)
    for above, below in itertools.pairwise(order):
        found[below] = max(found[below], found[above] + _LABEL_HEIGHT)
    return found
