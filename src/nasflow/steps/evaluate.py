"""Judge a trained child by its measures: its record, the child bank's entry."""

from torch import nn

from nasflow.base.errors import ChildFailed
from nasflow.measure import Subject, take
from nasflow.search.measures import USUAL, Measured
from nasflow.search.record import AnyRecord, BirthRecord, Epoch, TrainedRecord, TrainingRecord
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive
from nasflow.steps.attempts import AttemptLog
from nasflow.steps.images import device, device_name, training_data
from nasflow.steps.keys import birth_key, spec_key, training_key
from nasflow.steps.network import arrange, load_network
from nasflow.steps.records import find_record, write_failure, write_record
from nasflow.training.datasets.labels import commonest_share
from nasflow.training.failures import check_held_out, watched


def measure(archive: Archive, child: str, attempt: AttemptLog) -> AnyRecord:
    """As `child.evaluate`, by whoever has claimed the child."""
    known = find_record(archive, child)
    if known:
        return known
    training = archive.read(training_key(child), TrainingRecord)
    attempt.on(device_name())
    spec = archive.read(spec_key(child), ChildSpec)
    birth = archive.read(birth_key(child), BirthRecord)
    network = load_network(archive, spec, training.weights)
    try:
        measures = measures_of(archive, spec, network, training.history, "in its evaluation")
    except ChildFailed as error:
        attempt.fail()
        return write_failure(archive, child, str(error), birth.receipt, training.history)
    record = TrainedRecord(
        child=child,
        parts=spec.network.parts,
        measures=measures,
        weights=training.weights,
        guess=commonest_share(training_data(archive, spec.data).held_out.labels),
        receipt=birth.receipt,
        history=training.history,
    )
    return write_record(archive, record)


def measures_of(
    archive: Archive, spec: ChildSpec, network: nn.Module, history: tuple[Epoch, ...], when: str
) -> dict[str, Measured]:
    """What a network with trained weights comes to; raise ChildFailed if they are useless, or too large."""
    subject = Subject(
        child=spec,
        network=arrange(network, spec.recipe),
        data=training_data(archive, spec.data),
        history=history,
        device=device(spec.recipe),
    )
    with watched(when):
        check_held_out(subject.held_out.loss, len(history))
        return take((*USUAL, *spec.measures), subject)
