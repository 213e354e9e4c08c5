"""A child at a rung: measured after an epoch before its last."""

from nasflow.base.errors import ChildFailed
from nasflow.networks import build
from nasflow.networks.state import load_state
from nasflow.search.record import BirthRecord, FailedRecord, RungRecord
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive
from nasflow.steps.evaluate import measures_of
from nasflow.steps.keys import birth_key, spec_key
from nasflow.steps.records import failed_record, find_failure, find_rung, write_rung
from nasflow.steps.train import at_epoch


def at_rung(archive: Archive, child: str, epoch: int) -> RungRecord | FailedRecord:
    """The child, which is trained until `epoch` by now, as it is there; or how it failed until then.

    One that failed later, in another search, has not failed here.
    """
    known = find_rung(archive, child, epoch)
    if known:
        return known
    failed = find_failure(archive, child)
    is_early = failed is not None and len(failed.history) < epoch
    found = failed if failed and is_early else _measured(archive, child, epoch)
    return write_rung(archive, epoch, found)


def _measured(archive: Archive, child: str, epoch: int) -> RungRecord | FailedRecord:
    spec = archive.read(spec_key(child), ChildSpec)
    birth = archive.read(birth_key(child), BirthRecord)
    weights, history = at_epoch(archive, birth, epoch)
    network = build(spec.network)
    load_state(network, weights)
    try:
        measures = measures_of(archive, spec, network, history, f"in its evaluation after epoch {epoch}")
    except ChildFailed as error:
        # Of this rung alone: who trains the child without a rung need not fail.
        return failed_record(archive, child, str(error), birth.receipt, history)
    return RungRecord(
        child=birth.child,
        parts=spec.network.parts,
        measures=measures,
        receipt=birth.receipt,
        history=history,
    )
