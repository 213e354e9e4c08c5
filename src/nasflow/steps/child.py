"""The whole of one child: what every backend does with it, in one process or three."""

from nasflow.search.record import RoundRecord
from nasflow.steps.archive import Archive
from nasflow.steps.evaluate import evaluate
from nasflow.steps.progress import Progress, unseen
from nasflow.steps.records import find_rung
from nasflow.steps.rung import at_rung
from nasflow.steps.train import train
from nasflow.steps.warm_start import warm_start


def run_child(
    archive: Archive, child: str, progress: Progress = unseen, until: int | None = None
) -> RoundRecord:
    """Warm-start, train, evaluate; to its end, or to the rung after epoch `until`.

    Each of them does nothing where it is done.
    """
    if until and (known := find_rung(archive, child, until)):
        return known
    warm_start(archive, child)
    train(archive, child, progress, until)
    return evaluate_child(archive, child, until)


def evaluate_child(archive: Archive, child: str, until: int | None) -> RoundRecord:
    """Judge what has been trained: to its end, or to the rung after epoch `until`."""
    return evaluate(archive, child) if until is None else at_rung(archive, child, until)
