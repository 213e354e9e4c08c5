"""Train a child from its birth or from its last checkpoint."""

from collections.abc import Callable

from torch import nn

from nasflow.base.errors import ChildFailed, NotFound
from nasflow.search.record import BirthRecord, Checkpoint, TrainingRecord
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive, child_key
from nasflow.steps.attempts import AttemptLog
from nasflow.steps.images import device, device_name, training_data
from nasflow.steps.network import as_specified, build_for_training
from nasflow.steps.together import Call, training
from nasflow.store import blob_key, get_blob, open_store, put_blob
from nasflow.surgery import Gates
from nasflow.training.loop import train as train_network
from nasflow.training.state import TrainingState
from nasflow.training.team import this_team
from nasflow.training.weights import load_weights, weights_to_bytes

Progress = Callable[[float], None]
"""Told the share of a child's training that is done, 0..1."""


def train(archive: Archive, child: str, progress: Progress = lambda share: None) -> TrainingRecord:
    """The child's trained weights and learning curve, or its failure. Checkpoints each epoch.

    Where torchrun has started several processes, each takes its share of every batch.
    """
    known = archive.find(child_key(child, "training"), TrainingRecord)
    if known and archive.holds(known.weights):
        return known
    birth = archive.read(child_key(child, "birth"), BirthRecord)
    if birth.weights is None:
        return _finish(archive, TrainingRecord(child=child, weights=None, history=(), failure=birth.failure))
    try:
        with AttemptLog(archive, child, device_name()) as attempt:
            return _finish(archive, _train(archive, birth, birth.weights, attempt, progress))
    except ChildFailed as error:
        record = _finish(archive, TrainingRecord(child=child, weights=None, history=(), failure=str(error)))
        if this_team().size > 1 and error.__cause__ is not None:
            # Of this process alone: the others are in the middle of a step.
            raise
        return record


def join(call: Call) -> None:
    """Take a share of a training that another process has called to."""
    archive = Archive(open_store(call.store))
    birth = archive.read(child_key(call.child, "birth"), BirthRecord)
    assert birth.weights is not None
    _run(archive, birth, birth.weights, call.resume, lambda state: None, lambda *_: None)


def _train(
    archive: Archive, birth: BirthRecord, weights: str, attempt: AttemptLog, progress: Progress
) -> TrainingRecord:
    child = birth.child
    epochs = archive.read(child_key(child, "spec"), ChildSpec).recipe.epochs
    if not epochs:
        return TrainingRecord(child=child, weights=weights, history=())

    def beat(epoch: int, batch: int, batches: int) -> None:
        attempt.beat()
        progress((epoch - 1 + batch / batches) / epochs)

    def after_epoch(state: TrainingState) -> None:
        _write_checkpoint(archive, child, state)
        attempt.keep()

    resume = _read_checkpoint(archive, child)
    with training(archive.store.url, child, resume):
        network, state = _run(archive, birth, weights, resume, after_epoch, beat)
    trained = put_blob(archive.store, weights_to_bytes(as_specified(network, state.network)))
    return TrainingRecord(child=child, weights=trained, history=state.history)


def _run(
    archive: Archive,
    birth: BirthRecord,
    weights: str,
    resume: TrainingState | None,
    after_epoch: Callable[[TrainingState], None],
    beat: Callable[[int, int, int], None],
) -> tuple[nn.Module, TrainingState]:
    spec = archive.read(child_key(birth.child, "spec"), ChildSpec)
    data = training_data(archive, spec.data)
    network = build_for_training(spec)
    load_weights(network, get_blob(archive.store, weights), f"blob {weights}")
    place = device(spec.recipe)
    network.to(place)
    # Gates are open by the end of the first epoch, so a resumed training has none.
    with Gates(network, () if resume else birth.births) as gates:
        state = train_network(
            network,
            data,
            spec.recipe,
            spec.seed,
            device=place,
            gates=gates,
            resume=resume,
            after_epoch=after_epoch,
            beat=beat,
            team=this_team(),
        )
    return network, state


def _read_checkpoint(archive: Archive, child: str) -> TrainingState | None:
    """The last checkpoint; None if there is none, or if its blob was deleted because it was damaged."""
    checkpoint, _ = archive.find_changing(child_key(child, "checkpoint"), Checkpoint)
    if checkpoint is None:
        return None
    try:
        return TrainingState.from_bytes(get_blob(archive.store, checkpoint.state), f"blob {checkpoint.state}")
    except NotFound:
        return None


def _write_checkpoint(archive: Archive, child: str, state: TrainingState) -> None:
    """Replace the checkpoint, unless another process has come further with the same child."""
    key = child_key(child, "checkpoint")
    present, version = archive.find_changing(key, Checkpoint)
    if present and len(present.history) >= state.epoch and archive.store.exists(blob_key(present.state)):
        return
    digest = put_blob(archive.store, state.to_bytes())
    checkpoint = Checkpoint(child=child, state=digest, history=state.history)
    if archive.replace(key, checkpoint, version) and present and present.state != digest:
        archive.store.delete(blob_key(present.state))


def _finish(archive: Archive, record: TrainingRecord) -> TrainingRecord:
    """Write the end of the training; its checkpoint has done its work."""
    record = archive.create(child_key(record.child, "training"), record)
    archive.require(record.weights, f"the weights of child {record.child}")
    key = child_key(record.child, "checkpoint")
    checkpoint, _ = archive.find_changing(key, Checkpoint)
    if checkpoint:
        archive.store.delete(key)
        archive.store.delete(blob_key(checkpoint.state))
    return record
