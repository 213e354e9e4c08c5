"""Judge a trained child by the held-out images: its record, the child bank's entry."""

from nasflow.measure.counts import measure
from nasflow.search.record import BirthRecord, ChildRecord, TrainingRecord
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive, child_key
from nasflow.steps.images import device, training_data
from nasflow.steps.network import arrange, load_network
from nasflow.training.evaluate import evaluate as evaluate_network


def evaluate(archive: Archive, child: str) -> ChildRecord:
    """The child's result, counted again from its stored weights in a network built from its spec alone."""
    known = archive.find(child_key(child, "record"), ChildRecord)
    if known:
        return known
    spec = archive.read(child_key(child, "spec"), ChildSpec)
    birth = archive.read(child_key(child, "birth"), BirthRecord)
    training = archive.read(child_key(child, "training"), TrainingRecord)
    cost = measure(spec.network)
    record = ChildRecord(
        child=child,
        cell=spec.network.cell,
        status="trained" if training.weights else "failed",
        failure=training.failure,
        accuracy=_accuracy(archive, spec, training.weights) if training.weights else None,
        parameters=cost.parameters,
        mult_adds=cost.mult_adds,
        weights=training.weights,
        receipt=birth.receipt,
        history=training.history,
    )
    return archive.create(child_key(child, "record"), record)


def _accuracy(archive: Archive, spec: ChildSpec, weights: str) -> float:
    network = arrange(load_network(archive, spec, weights), spec.recipe)
    data = training_data(archive, spec.data)
    return evaluate_network(network, data.held_out, data.facts, device=device(spec.recipe)).accuracy
