"""What a network is measured by: names, units, and which way is better; the maths is in `nasflow.measure`."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator

from nasflow.base.document import Frozen
from nasflow.base.errors import InvalidSpec
from nasflow.base.plugins import known, plugged

Unit = str
"""`share`, `nats`, `seconds`, or the name of what is counted."""


@dataclass(frozen=True)
class Measure:
    """One figure of a network. A new one is an entry of MEASURES and the function that `code` names."""

    name: str
    unit: Unit
    higher_is_better: bool
    code: str
    """Address of a function: of a NetworkSpec, if `is_counted`; else of a `nasflow.measure.Subject`."""
    is_counted: bool = False
    """Whether the spec alone tells it: then a limit is respected before anything is trained."""
    is_asked_for: bool = False
    """Whether it is taken only where a configuration names it: it costs time, differs from run to run, or is
    of use to few.
    """
    is_of_training: bool = False
    """Whether it tells how a training went: then only trainings that are alike may be compared by it, and the
    start network's is another one.
    """
    grows: bool = False
    """Whether it cannot fall where a network only grows: then a start network over a limit is refused."""


_COUNTS = "nasflow.measure.counts"
_CURVE = "nasflow.measure.curve"

MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        each.name: each
        for each in (
            Measure("held_out_accuracy", "share", True, "nasflow.measure.held_out:held_out_accuracy"),
            Measure("held_out_loss", "nats", False, "nasflow.measure.held_out:held_out_loss"),
            Measure("training_loss", "nats", False, f"{_CURVE}:training_loss", is_of_training=True),
            Measure("training_loss_sum", "nats", False, f"{_CURVE}:training_loss_sum", is_of_training=True),
            Measure("parameters", "parameters", False, f"{_COUNTS}:parameters", is_counted=True, grows=True),
            Measure("mult_adds", "mult-adds", False, f"{_COUNTS}:mult_adds", is_counted=True, grows=True),
            Measure("latency", "seconds", False, "nasflow.measure.latency:latency", is_asked_for=True),
            Measure("latency_64", "seconds", False, "nasflow.measure.latency:latency_64", is_asked_for=True),
        )
    }
)
"""The built-in ones; an installed package offers others in the entry point group `nasflow.measures`."""


USUAL = tuple(each.name for each in MEASURES.values() if not each.is_asked_for)
"""What is measured whether somebody asks for it or not."""


class Measured(Frozen):
    """One figure of one network."""

    value: float
    unit: Unit
    device: str | None = None
    """On which it was measured; None for what was counted."""


def find_measure(name: str) -> Measure:
    """A measure by its name; raise InvalidSpec with the known ones, or if a package offers something else."""
    found = MEASURES.get(name) or plugged(_PLUGGED, name)
    if found is None:
        raise InvalidSpec(f"no measure is called {name!r}: known are {known(_PLUGGED, MEASURES)}")
    if isinstance(found, Measure) and found.name != name:
        raise InvalidSpec(f"{_PLUGGED} {name!r}: its Measure is called {found.name!r}: give both one name")
    if not isinstance(found, Measure):
        raise InvalidSpec(f"{_PLUGGED} {name!r}: a Measure is wanted, not a {type(found).__name__}")
    return found


_PLUGGED = "nasflow.measures"
"""The group of entry points."""


def _check_name(name: str) -> str:
    return find_measure(name).name


MeasureName = Annotated[str, AfterValidator(_check_name)]
"""Of a measure that is known."""
