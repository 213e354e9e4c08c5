"""The axes of charts: which values they hold, and how their ticks are labelled."""

from collections.abc import Iterable
from dataclasses import dataclass

from nasflow.report.figures import decimals, tick
from nasflow.report.scale import Scale, fence, fit
from nasflow.report.yardstick import Yardstick
from nasflow.search.measures import Unit

_UNITS: dict[Unit, tuple[float, str]] = {"share": (100, "%"), "nats": (1, "nats"), "seconds": (1000, "ms")}
"""What an axis is labelled in, and how many of it one is; counts stand as they are."""


@dataclass(frozen=True)
class Tick:
    """A mark of an axis, in pixels."""

    at: float
    label: str


def axis_title(words: str, unit: Unit) -> str:
    """What stands beside an axis: `held-out accuracy, %`."""
    return f"{words}, {_UNITS[unit][1]}" if unit in _UNITS else words


def axis_ticks(scale: Scale, unit: Unit) -> list[Tick]:
    """The ticks of values that have this unit."""
    if unit not in _UNITS:
        return [Tick(scale(value), tick(value)) for value in scale.ticks]
    factor = _UNITS[unit][0]
    digits = decimals(factor * scale.step)
    return [Tick(scale(value), f"{factor * value:.{digits}f}") for value in scale.ticks]


def value_scale(
    yardstick: Yardstick, values: Iterable[float], start: float | None, bottom: float, top: float
) -> Scale:
    """An upward axis for the start network's value and all others, but for those that are far worse."""
    worths = [yardstick.sign * value for value in values]
    least = fence(worths)
    shown = [yardstick.sign * worth for worth in worths if worth >= least]
    return fit([*shown, *([] if start is None else [start])], bottom, top)
