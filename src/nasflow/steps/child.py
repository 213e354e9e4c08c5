"""One child, by whoever claims it first: what every backend does with it, in one process or three.

Each function waits while another process works on the child, and does nothing where that has been done.
torch comes in only once the child is claimed: a process that dies on the way in has made an attempt.
"""

from nasflow.search.record import BirthRecord, FailedRecord, RoundRecord, TrainedRecord, TrainingRecord
from nasflow.steps.archive import Archive
from nasflow.steps.attempts import AttemptLog, claimed
from nasflow.steps.keys import birth_key
from nasflow.steps.progress import Progress, unseen
from nasflow.steps.records import find_birth, find_record, find_rung, find_training, is_trained, read_record


def run_child(
    archive: Archive, child: str, progress: Progress = unseen, until: int | None = None
) -> RoundRecord:
    """Warm-start, train, evaluate; to its end, or to the rung after epoch `until`."""

    def work(attempt: AttemptLog) -> None:
        _bear(archive, child, attempt)
        _train(archive, child, attempt, progress, until)
        _judge(archive, child, attempt, until)

    def is_done() -> bool:
        return _find_result(archive, child, until) is not None

    claimed(archive, child, is_done, work)
    return _find_result(archive, child, until) or read_record(archive, child)


def warm_start(archive: Archive, child: str) -> BirthRecord | FailedRecord:
    """The child's initial weights with its receipt, or its failure; from scratch without one."""

    def is_done() -> bool:
        return find_birth(archive, child) is not None

    claimed(archive, child, is_done, lambda attempt: _bear(archive, child, attempt))
    return find_birth(archive, child) or archive.read(birth_key(child), BirthRecord)


def train(
    archive: Archive, child: str, progress: Progress = unseen, until: int | None = None
) -> TrainingRecord | FailedRecord | None:
    """The child's trained weights and learning curve, or its failure.

    None: it was trained until epoch `until`, which is not its last. Where torchrun has started several
    processes, each takes its share of every batch.
    """

    def is_done() -> bool:
        return is_trained(archive, child, until)

    claimed(archive, child, is_done, lambda attempt: _train(archive, child, attempt, progress, until))
    return find_training(archive, child)


def evaluate(archive: Archive, child: str, until: int | None = None) -> RoundRecord:
    """The child's result, measured on its stored weights in a network built from its spec alone.

    Of what has been trained: to its end, or to the rung after epoch `until`.
    """

    def find() -> RoundRecord | None:
        return find_record(archive, child) if until is None else find_rung(archive, child, until)

    def is_done() -> bool:
        return find() is not None

    claimed(archive, child, is_done, lambda attempt: _judge(archive, child, attempt, until))
    return find() or read_record(archive, child)


def _find_result(archive: Archive, child: str, until: int | None) -> RoundRecord | None:
    """What became of a child, with its weights, or what it was after epoch `until`; None: not known yet."""
    if until is not None:
        return find_rung(archive, child, until)
    record = find_record(archive, child)
    return None if isinstance(record, TrainedRecord) and not archive.holds(record.weights) else record


def _bear(archive: Archive, child: str, attempt: AttemptLog) -> None:
    from nasflow.steps.warm_start import bear

    bear(archive, child, attempt)


def _train(archive: Archive, child: str, attempt: AttemptLog, progress: Progress, until: int | None) -> None:
    from nasflow.steps.train import train_on

    train_on(archive, child, attempt, progress, until)


def _judge(archive: Archive, child: str, attempt: AttemptLog, until: int | None) -> None:
    if until is None:
        from nasflow.steps.evaluate import measure

        measure(archive, child, attempt)
    else:
        from nasflow.steps.rung import at_rung

        at_rung(archive, child, until)
