"""A learning curve as small as a word."""

from collections.abc import Iterable

from markupsafe import Markup

from nasflow.report.environment import fill
from nasflow.report.figures import percent
from nasflow.report.scale import Scale
from nasflow.search.record import ChildRecord


def sparkline(record: ChildRecord | None, low: float, high: float) -> Markup:
    """A child's held-out accuracy over its epochs, on an axis that all children share."""
    history = record.history if record else ()
    if not history:
        return Markup()
    y = Scale(low, max(high, low + 1e-6), 19.0, 3.0, 1.0)
    step = 76 / max(1, len(history) - 1)
    points = [(round(3 + number * step, 1), y(each.held_out_accuracy)) for number, each in enumerate(history)]
    first, last = percent(history[0].held_out_accuracy), percent(history[-1].held_out_accuracy)
    return fill("sparkline.svg.j2", points=points, label=f"{len(history)} epochs: {first} to {last}")


def spark_range(records: Iterable[ChildRecord]) -> tuple[float, float]:
    """The accuracies between which all sparklines are drawn; the worst twentieth is cut off."""
    values = sorted(each.held_out_accuracy for record in records for each in record.history)
    return (values[len(values) // 20], values[-1]) if values else (0.0, 1.0)
