"""A child at a rung: measured after an epoch before its last."""

from nasflow.base.errors import ChildFailed
from nasflow.measure import Subject, take
from nasflow.networks import build
from nasflow.search.measures import USUAL
from nasflow.search.record import BirthRecord, RoundRecord, RungRecord
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive
from nasflow.steps.images import device, training_data
from nasflow.steps.keys import birth_key, rung_key, spec_key
from nasflow.steps.network import arrange
from nasflow.steps.records import find_failure, write_failure
from nasflow.steps.train import at_epoch
from nasflow.training.failures import check_held_out, memory_watched


def find_rung(archive: Archive, child: str, epoch: int) -> RungRecord | None:
    """The child as it was after an epoch; None: nobody has measured it there."""
    return archive.find(rung_key(child, epoch), RungRecord)


def at_rung(archive: Archive, child: str, epoch: int) -> RoundRecord:
    """The child, which is trained until `epoch` by now, as it is there; or its failure."""
    known = find_rung(archive, child, epoch) or find_failure(archive, child)
    if known:
        return known
    birth = archive.read(birth_key(child), BirthRecord)
    try:
        measured = _measured(archive, birth, epoch)
    except ChildFailed as error:
        return write_failure(archive, child, str(error), birth.receipt)
    return archive.create(rung_key(child, epoch), measured)


def _measured(archive: Archive, birth: BirthRecord, epoch: int) -> RungRecord:
    spec = archive.read(spec_key(birth.child), ChildSpec)
    weights, history = at_epoch(archive, birth, epoch)
    network = build(spec.network)
    network.load_state_dict(weights)
    subject = Subject(
        child=spec,
        network=arrange(network, spec.recipe),
        data=training_data(archive, spec.data),
        history=history,
        device=device(spec.recipe),
    )
    with memory_watched(f"in its evaluation after epoch {epoch}"):
        check_held_out(subject.held_out.loss, epoch)
        measures = take((*USUAL, *spec.measures), subject)
    return RungRecord(
        child=birth.child,
        parts=spec.network.parts,
        measures=measures,
        receipt=birth.receipt,
        history=history,
    )
