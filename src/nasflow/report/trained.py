"""At which size a network stands behind a figure, and after how many epochs: what makes figures differ."""

from collections.abc import Sequence

from nasflow.report.controls import ControlRow
from nasflow.report.figures import plural
from nasflow.search.family import family
from nasflow.search.ledger import Ledger
from nasflow.search.record import ChildRecord, TrainedRecord

_SMALL = "at the size of the search"


def trained(ledger: Ledger, controls: Sequence[ControlRow]) -> dict[str, str]:
    """`at the size of the search, after 6 epochs`: of the `start` network, of the chosen `child`, and of the
    `found` network that was tested; nothing of what is not trained.
    """
    epochs = controls[0].epochs if controls else None
    found = f", after {plural(epochs, 'epoch')}" if epochs else ""
    return {"start": _start(ledger.start), "child": _child(ledger), "found": f"at full size{found}"}


def _start(start: ChildRecord | None) -> str:
    if not isinstance(start, TrainedRecord):
        return ""
    epochs = len(start.history)
    return f"{_SMALL}, " + (f"after {plural(epochs, 'epoch')}" if epochs else "as it was brought")


def _child(ledger: Ledger) -> str:
    winner = ledger.chosen
    line = family(ledger).get(winner.child) if winner else None
    if winner is None or line is None or winner.child == ledger.start_spec.id:
        return _start(winner)
    before = f" and {line.ancestors_epochs} of its ancestors" if line.ancestors_epochs else ""
    return f"{_SMALL}, after {plural(line.own_epochs, 'epoch')}{before}"
