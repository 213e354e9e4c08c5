"""The whole of one child: what every backend does with it, in one process or three."""

from nasflow.search.record import AnyRecord
from nasflow.steps.archive import Archive
from nasflow.steps.evaluate import evaluate
from nasflow.steps.progress import Progress, unseen
from nasflow.steps.train import train
from nasflow.steps.warm_start import warm_start


def run_child(archive: Archive, child: str, progress: Progress = unseen) -> AnyRecord:
    """Warm-start, train, evaluate; each of them does nothing where it is done."""
    run_until(archive, child, None, progress)
    return evaluate(archive, child)


def run_until(archive: Archive, child: str, until: int | None, progress: Progress = unseen) -> None:
    """Warm-start, and train until the end of epoch `until`, which leaves a checkpoint; None: to the last
    one.
    """
    warm_start(archive, child)
    train(archive, child, progress, until)
