"""The whole of one child: what every backend does with it, in one process or three."""

from nasflow.search.record import RoundRecord, TrainedRecord
from nasflow.steps.archive import Archive
from nasflow.steps.attempts import AttemptLog, claimed
from nasflow.steps.evaluate import evaluate, measure
from nasflow.steps.progress import Progress, unseen
from nasflow.steps.records import find_record, find_rung, read_record
from nasflow.steps.rung import at_rung
from nasflow.steps.train import train_on
from nasflow.steps.warm_start import bear


def run_child(
    archive: Archive, child: str, progress: Progress = unseen, until: int | None = None
) -> RoundRecord:
    """Warm-start, train, evaluate; to its end, or to the rung after epoch `until`.

    By one process at a time: another one that was first is waited for. Each of the three does nothing where
    it is done.
    """

    def work(attempt: AttemptLog) -> None:
        bear(archive, child, attempt)
        train_on(archive, child, attempt, progress, until)
        _judge(archive, child, attempt, until)

    def is_done() -> bool:
        return find_result(archive, child, until) is not None

    claimed(archive, child, is_done, work)
    return find_result(archive, child, until) or read_record(archive, child)


def find_result(archive: Archive, child: str, until: int | None) -> RoundRecord | None:
    """What became of a child, with its weights, or what it was after epoch `until`; None: not known yet."""
    if until is not None:
        return find_rung(archive, child, until)
    record = find_record(archive, child)
    return None if isinstance(record, TrainedRecord) and not archive.holds(record.weights) else record


def evaluate_child(archive: Archive, child: str, until: int | None) -> RoundRecord:
    """Judge what has been trained: to its end, or to the rung after epoch `until`."""
    if until is None:
        return evaluate(archive, child)

    def is_done() -> bool:
        return find_rung(archive, child, until) is not None

    claimed(archive, child, is_done, lambda attempt: at_rung(archive, child, until))
    return at_rung(archive, child, until)


def _judge(archive: Archive, child: str, attempt: AttemptLog, until: int | None) -> RoundRecord:
    return measure(archive, child, attempt) if until is None else at_rung(archive, child, until)
