"""The whole of one child: what every backend does with it, in one process or three."""

from nasflow.search.record import ChildRecord
from nasflow.steps.archive import Archive
from nasflow.steps.evaluate import evaluate
from nasflow.steps.train import Progress, train
from nasflow.steps.warm_start import warm_start


def run_child(archive: Archive, child: str, progress: Progress = lambda share: None) -> ChildRecord:
    """Warm-start, train, evaluate; each of them does nothing where it is done."""
    warm_start(archive, child)
    train(archive, child, progress)
    return evaluate(archive, child)
