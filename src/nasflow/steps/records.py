"""What became of a child: read, or written down where it failed."""

from nasflow.base.credentials import masked
from nasflow.base.errors import ChildFailed, NotFound
from nasflow.base.lines import one_line
from nasflow.measure import counted
from nasflow.search.measures import USUAL
from nasflow.search.record import (
    AnyRecord,
    BirthRecord,
    Checkpoint,
    ChildRecord,
    Epoch,
    FailedRecord,
    Receipt,
    RungRecord,
    TrainedRecord,
    TrainingRecord,
)
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive
from nasflow.steps.keys import birth_key, checkpoint_key, record_key, rung_key, spec_key, training_key


def find_record(archive: Archive, child: str | None) -> AnyRecord | None:
    """The child's result; None: there is none yet."""
    record = archive.find(record_key(child), ChildRecord) if child else None
    return record if isinstance(record, TrainedRecord | FailedRecord) else None


def find_rung(archive: Archive, child: str, epoch: int) -> RungRecord | FailedRecord | None:
    """The child as it was after an epoch, or how it failed until then; None: nobody has measured it there.

    A document of its own: what became of the child later, in another search, changes nothing here.
    """
    record = archive.find(rung_key(child, epoch), ChildRecord)
    return record if isinstance(record, RungRecord | FailedRecord) else None


def read_record(archive: Archive, child: str) -> AnyRecord:
    """The child's result; raise NotFound if there is none yet."""
    record = find_record(archive, child)
    if record is None:
        raise NotFound(f"child {child} has no record in {archive.store.url} yet")
    return record


def find_failure(archive: Archive, child: str) -> FailedRecord | None:
    """How the child failed; None: it did not, or not yet."""
    record = find_record(archive, child)
    return record if isinstance(record, FailedRecord) else None


def find_birth(archive: Archive, child: str) -> BirthRecord | FailedRecord | None:
    """The birth of a child, if its weights are there, or its failure."""
    if failed := find_failure(archive, child):
        return failed
    known = archive.find(birth_key(child), BirthRecord)
    return known if known and archive.holds(known.weights) else None


def find_training(archive: Archive, child: str) -> TrainingRecord | FailedRecord | None:
    """How a training ended; None: it did not yet, or its weights are lost."""
    if failed := find_failure(archive, child):
        return failed
    known = archive.find(training_key(child), TrainingRecord)
    return known if known and archive.holds(known.weights) else None


def kept_epochs(archive: Archive, child: str) -> tuple[Epoch, ...]:
    """The epochs that are kept of a training which goes on."""
    checkpoint, _ = archive.find_changing(checkpoint_key(child), Checkpoint)
    return checkpoint.history if checkpoint else ()


def is_trained(archive: Archive, child: str, until: int | None) -> bool:
    """Whether nothing is left to train, to the end or to the end of epoch `until`."""
    return bool(find_training(archive, child) or (until and len(kept_epochs(archive, child)) >= until))


def write_record(archive: Archive, record: AnyRecord) -> AnyRecord:
    """Write a child's result once: everybody gets that of the first writer, trained or failed."""
    archive.store.create(record_key(record.child), record.to_bytes())
    return read_record(archive, record.child)


def failed_record(
    archive: Archive,
    child: str,
    reason: str,
    receipt: Receipt | None = None,
    history: tuple[Epoch, ...] = (),
) -> FailedRecord:
    """What a failure comes to, which is not written."""
    spec = archive.read(spec_key(child), ChildSpec)
    return FailedRecord(
        child=child,
        parts=spec.network.parts,
        measures=counted(spec.network, (*USUAL, *spec.measures)),
        receipt=receipt,
        history=history,
        failure=one_line(masked(reason)),
    )


def write_rung(archive: Archive, epoch: int, record: RungRecord | FailedRecord) -> RungRecord | FailedRecord:
    """Write what a child was after an epoch once: everybody gets that of the first writer."""
    archive.store.create(rung_key(record.child, epoch), record.to_bytes())
    return find_rung(archive, record.child, epoch) or record


def write_failure(
    archive: Archive,
    child: str,
    reason: str,
    receipt: Receipt | None = None,
    history: tuple[Epoch, ...] = (),
) -> AnyRecord:
    """The child's failed record; the record of somebody who was first, if there is one."""
    return write_record(archive, failed_record(archive, child, reason, receipt, history))


def settle_failure(
    archive: Archive,
    child: str,
    error: ChildFailed,
    receipt: Receipt | None = None,
    history: tuple[Epoch, ...] = (),
) -> FailedRecord | None:
    """Write down that the child failed; None: another process has trained it in the meantime.

    Raise `error` itself where it was trained once, and was to be trained again because its weights are lost:
    its record stays what it is, and nothing else brings them back.
    """
    record = write_failure(archive, child, str(error), receipt, history)
    if isinstance(record, FailedRecord):
        return record
    if not archive.holds(record.weights):
        raise error
    return None
