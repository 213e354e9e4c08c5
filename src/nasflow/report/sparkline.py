"""A learning curve as small as a word."""

from collections.abc import Iterable, Sequence
from math import isnan
from operator import attrgetter
from typing import Protocol

from markupsafe import Markup

from nasflow.report.environment import fill
from nasflow.report.figures import in_unit, plural
from nasflow.report.scale import Scale
from nasflow.report.yardstick import Yardstick
from nasflow.search.measures import Unit
from nasflow.search.record import ChildRecord, Epoch

_CURVES = {"held_out_accuracy": "held_out_accuracy", "held_out_loss": "held_out_loss"}
"""What an epoch may know of an objective's measure; else the training loss says how a child learned."""

_BLOCKS = "▁▂▃▄▅▆▇█"


class HasHistory(Protocol):
    """A network that was trained, or is being trained."""

    @property
    def history(self) -> tuple[Epoch, ...]:
        """The epochs that are known of it."""


class Curves:
    """The learning curves of a search, all on one axis."""

    def __init__(self, yardstick: Yardstick, records: Iterable[HasHistory]) -> None:
        epochs = [each for record in records for each in record.history]
        name = _CURVES.get(yardstick.measure)
        if name is None or any(getattr(each, name) is None for each in epochs):
            name = "train_loss"
        self._value = attrgetter(name)
        self._unit: Unit = "share" if name == "held_out_accuracy" else "nats"
        self._low, self._high = _range([self._of(each) for each in epochs], self._unit == "nats")

    def _of(self, epoch: Epoch) -> float:
        return float(self._value(epoch))

    def draw(self, record: ChildRecord | None) -> Markup:
        """One child's curve over its epochs."""
        values = [self._of(each) for each in record.history] if record else []
        if not values:
            return Markup()
        y = Scale(self._low, max(self._high, self._low + 1e-6), 19.0, 3.0, 1.0)
        step = 76 / max(1, len(values) - 1)
        points = [(round(3 + number * step, 1), y(value)) for number, value in enumerate(values)]
        first, last = (in_unit(value, self._unit) for value in (values[0], values[-1]))
        label = f"{plural(len(values), 'epoch')}: {first} to {last}"
        return fill("sparkline.svg.j2", points=points, label=label)

    def blocks(self, history: Sequence[Epoch], most: int) -> str:
        """The same on a terminal: a block an epoch, of `most` epochs at most, the latest."""
        return "".join(block(self._of(each), self._low, self._high) for each in history[-most:])


def block(value: float, low: float, high: float) -> str:
    """A sign as high as a value is between two others."""
    if isnan(value) or high <= low:
        return _BLOCKS[0]
    share = min(1.0, max(0.0, (value - low) / (high - low)))
    return _BLOCKS[round(share * (len(_BLOCKS) - 1))]


def _range(values: list[float], is_loss: bool) -> tuple[float, float]:
    """Between which all are drawn; the worst twentieth is cut off."""
    if not values:
        return 0.0, 1.0
    known = sorted(values)
    cut = len(known) // 20
    return (known[0], known[-1 - cut]) if is_loss else (known[cut], known[-1])
