"""Train a child from its birth or from its last checkpoint."""

from dataclasses import dataclass

from torch import Tensor, nn
from torch import device as device_type

from nasflow.base.errors import ChildFailed, NotFound
from nasflow.search.record import (
    BirthRecord,
    Checkpoint,
    Epoch,
    FailedRecord,
    TrainedRecord,
    TrainingRecord,
)
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive
from nasflow.steps.attempts import AttemptLog, claimed
from nasflow.steps.images import device, device_name, training_data
from nasflow.steps.keys import birth_key, checkpoint_key, spec_key, training_key
from nasflow.steps.network import arrange, as_specified, build_for_training, load_network
from nasflow.steps.progress import Progress, unseen
from nasflow.steps.records import find_failure, read_record, settle_failure
from nasflow.steps.together import Call, training
from nasflow.store import blob_key, get_blob, open_store, put_blob
from nasflow.surgery import Gates, Operated
from nasflow.training.distil import Teachers
from nasflow.training.loop import train_network
from nasflow.training.session import UNWATCHED, Training, Watch
from nasflow.training.state import TrainingState
from nasflow.training.team import this_team
from nasflow.training.weights import load_weights, weights_to_bytes


def train(
    archive: Archive, child: str, progress: Progress = unseen, until: int | None = None
) -> TrainingRecord | FailedRecord | None:
    """The child's trained weights and learning curve, or its failure. Checkpoints each epoch.

    None: it was trained until epoch `until`, which is not its last. Where torchrun has started several
    processes, each takes its share of every batch.
    """

    def is_done() -> bool:
        return _is_trained(archive, child, until)

    claimed(archive, child, is_done, lambda attempt: train_on(archive, child, attempt, progress, until))
    return _end(archive, child)


def _is_trained(archive: Archive, child: str, until: int | None) -> bool:
    return bool(_end(archive, child) or (until and len(_history(archive, child)) >= until))


def _end(archive: Archive, child: str) -> TrainingRecord | FailedRecord | None:
    """How a training ended; None: it did not yet, or its weights are lost."""
    if failed := find_failure(archive, child):
        return failed
    known = archive.find(training_key(child), TrainingRecord)
    return known if known and archive.holds(known.weights) else None


def train_on(
    archive: Archive, child: str, attempt: AttemptLog, progress: Progress, until: int | None
) -> TrainingRecord | FailedRecord | None:
    """As `train`, by whoever has claimed the child."""
    if _is_trained(archive, child, until):
        return _end(archive, child)
    attempt.on(device_name())
    birth = archive.read(birth_key(child), BirthRecord)
    try:
        trained = _train(archive, birth, attempt, progress, until)
        return _finish(archive, trained) if trained else None
    except ChildFailed as error:
        attempt.fail()
        failed = settle_failure(archive, child, error, birth.receipt, _history(archive, child))
        drop_checkpoint(archive, child)
        if this_team().size > 1 and error.__cause__ is not None:
            # Of this process alone: the others are in the middle of a step.
            raise
        return failed


def join(call: Call) -> None:
    """Take a share of a training that another process has called to."""
    archive = Archive(open_store(call.store, proven=True))
    birth = archive.read(birth_key(call.child), BirthRecord)
    _run(archive, birth, Stretch(call.resume, call.until), UNWATCHED)


def at_epoch(archive: Archive, birth: BirthRecord, epoch: int) -> tuple[dict[str, Tensor], tuple[Epoch, ...]]:
    """A child's weights after an epoch, as the network of its spec has them, and its curve until there.

    From its checkpoint; where its training has gone on since, it is trained so far again, apart from it.
    """
    state = _read_checkpoint(archive, birth.child)
    if state is None or state.epoch != epoch:
        with training(Call(archive.store.url, birth.child, None, epoch)):
            network, state = _run(archive, birth, Stretch(None, epoch), UNWATCHED)
    else:
        network = build_for_training(archive.read(spec_key(birth.child), ChildSpec))
    return as_specified(network, state.network), state.history


@dataclass(frozen=True)
class Stretch:
    """The part of a training that is done now."""

    resume: TrainingState | None
    """Where it goes on; None: it begins."""
    until: int | None
    """Its last epoch; None: the recipe's."""


def _train(
    archive: Archive, birth: BirthRecord, attempt: AttemptLog, progress: Progress, until: int | None
) -> TrainingRecord | None:
    child = birth.child
    epochs = archive.read(spec_key(child), ChildSpec).recipe.epochs
    if not epochs:
        return TrainingRecord(child=child, weights=birth.weights, history=())

    def beat(epoch: int, batch: int, batches: int) -> None:
        if this_team().size == 1:
            # The others of a team would wait for it in their next step.
            attempt.check()
        progress((epoch - 1 + batch / batches) / epochs)

    def after_epoch(state: TrainingState) -> None:
        _write_checkpoint(archive, child, state)
        attempt.keep()

    resume = _read_checkpoint(archive, child)
    with training(Call(archive.store.url, child, resume, until)):
        network, state = _run(archive, birth, Stretch(resume, until), Watch(after_epoch, beat))
    if state.epoch < epochs:
        return None
    trained = put_blob(archive.store, weights_to_bytes(as_specified(network, state.network)))
    return TrainingRecord(child=child, weights=trained, history=state.history)


def _run(
    archive: Archive, birth: BirthRecord, stretch: Stretch, watch: Watch
) -> tuple[nn.Module, TrainingState]:
    spec = archive.read(spec_key(birth.child), ChildSpec)
    data = training_data(archive, spec.data)
    network = build_for_training(spec)
    load_weights(network, get_blob(archive.store, birth.weights), f"blob {birth.weights}")
    place = device(spec.recipe)
    network.to(place)
    # Gates are open by the end of the first epoch, so a resumed training has none.
    births = () if stretch.resume else birth.births
    with Gates(Operated(spec.network, network, births)) as gates:
        task = Training(
            network,
            data,
            spec.recipe,
            spec.seed,
            device=place,
            gates=gates,
            teachers=_teachers(archive, spec, place),
            watch=watch,
            team=this_team(),
        )
        return network, train_network(task, stretch.resume, stretch.until)


def _teachers(archive: Archive, spec: ChildSpec, place: device_type) -> Teachers | None:
    """Those of its spec; raise NotFound where one has no weights any more."""
    if not spec.recipe.distil:
        return None
    networks = []
    for id in spec.teachers:
        record = read_record(archive, id)
        if not isinstance(record, TrainedRecord):
            raise ChildFailed(f"its teacher {id} failed: {record.failure}")
        known = archive.read(spec_key(id), ChildSpec)
        networks.append(arrange(load_network(archive, known, record.weights), spec.recipe).to(place))
    return Teachers(networks, spec.recipe.distil)


def _read_checkpoint(archive: Archive, child: str) -> TrainingState | None:
    """The last checkpoint; None if there is none, or if its blob was deleted because it was damaged."""
    checkpoint, _ = archive.find_changing(checkpoint_key(child), Checkpoint)
    if checkpoint is None:
        return None
    try:
        return TrainingState.from_bytes(get_blob(archive.store, checkpoint.state), f"blob {checkpoint.state}")
    except NotFound:
        return None


def _write_checkpoint(archive: Archive, child: str, state: TrainingState) -> None:
    """Replace the checkpoint, unless another process has come further with the same child."""
    key = checkpoint_key(child)
    present, version = archive.find_changing(key, Checkpoint)
    if present and len(present.history) >= state.epoch and archive.store.exists(blob_key(present.state)):
        return
    digest = put_blob(archive.store, state.to_bytes())
    checkpoint = Checkpoint(child=child, state=digest, history=state.history)
    if archive.replace(key, checkpoint, version) and present and present.state != digest:
        archive.store.delete(blob_key(present.state))


def _finish(archive: Archive, record: TrainingRecord) -> TrainingRecord:
    """Write the end of the training; its checkpoint has done its work."""
    record = archive.create(training_key(record.child), record)
    archive.require(record.weights, f"the weights of child {record.child}")
    drop_checkpoint(archive, record.child)
    return record


def _history(archive: Archive, child: str) -> tuple[Epoch, ...]:
    """The epochs that are kept of a training."""
    checkpoint, _ = archive.find_changing(checkpoint_key(child), Checkpoint)
    return checkpoint.history if checkpoint else ()


def drop_checkpoint(archive: Archive, child: str) -> None:
    """Delete what a training would go on from, if there is something: then it begins again."""
    key = checkpoint_key(child)
    checkpoint, _ = archive.find_changing(key, Checkpoint)
    if checkpoint:
        archive.store.delete(key)
        archive.store.delete(blob_key(checkpoint.state))
