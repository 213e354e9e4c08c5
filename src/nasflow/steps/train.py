"""Train a child from its birth or from its last checkpoint."""

from dataclasses import dataclass
from time import perf_counter

from torch import Tensor, nn
from torch import device as device_type

from nasflow.base.errors import ChildFailed, InvalidSpec
from nasflow.search.record import (
    BirthRecord,
    Epoch,
    FailedRecord,
    TrainedRecord,
    TrainingRecord,
)
from nasflow.spec.child import ChildSpec
from nasflow.steps.archive import Archive
from nasflow.steps.attempts import AttemptLog
from nasflow.steps.checkpoints import CheckpointWriter, drop_checkpoint, read_checkpoint
from nasflow.steps.images import device, device_name, training_data
from nasflow.steps.keys import birth_key, spec_key, training_key
from nasflow.steps.network import arrange, as_specified, build_for_training, load_network
from nasflow.steps.progress import Progress
from nasflow.steps.records import find_training, is_trained, kept_epochs, read_record, settle_failure
from nasflow.steps.together import Call, training
from nasflow.store import get_blob, open_store, put_blob
from nasflow.surgery import Gates, Operated
from nasflow.training.distil import Teachers
from nasflow.training.loop import train_network
from nasflow.training.session import UNWATCHED, Training, Watch
from nasflow.training.state import TrainingState
from nasflow.training.team import this_team
from nasflow.training.weights import load_weights, weights_to_bytes


def train_on(
    archive: Archive, child: str, attempt: AttemptLog, progress: Progress, until: int | None
) -> TrainingRecord | FailedRecord | None:
    """As `child.train`, by whoever has claimed the child."""
    if is_trained(archive, child, until):
        return find_training(archive, child)
    attempt.on(device_name())
    birth = archive.read(birth_key(child), BirthRecord)
    try:
        trained = _train(archive, birth, attempt, progress, until)
        return _finish(archive, trained) if trained else None
    except ChildFailed as error:
        attempt.fail()
        failed = settle_failure(archive, child, error, birth.receipt, kept_epochs(archive, child))
        drop_checkpoint(archive, child)
        if this_team().size > 1 and error.__cause__ is not None:
            # Of this process alone: the others are in the middle of a step.
            raise
        return failed


def join(call: Call) -> None:
    """Take a share of a training that another process has called to."""
    archive = Archive(open_store(call.store, proven=True))
    birth = archive.read(birth_key(call.child), BirthRecord)
    _run(archive, birth, _Part(call.resume, call.until), UNWATCHED)


def at_epoch(archive: Archive, birth: BirthRecord, epoch: int) -> tuple[dict[str, Tensor], tuple[Epoch, ...]]:
    """A child's weights after an epoch, as the network of its spec has them, and its curve until there.

    From its checkpoint; where its training has gone on since, it is trained so far again, apart from it.
    """
    state = read_checkpoint(archive, birth.child)
    if state is None or state.reached != (epoch, 0):
        with training(Call(archive.store.url, birth.child, None, epoch)):
            network, state = _run(archive, birth, _Part(None, epoch), UNWATCHED)
    else:
        network = build_for_training(archive.read(spec_key(birth.child), ChildSpec))
    return as_specified(network, state.network), state.history


def try_steps(archive: Archive, child: str, watch: Watch) -> None:
    """Train a child that is born without a trace in the store: for who only wants to see how fast it goes.

    `watch.beat` ends it by what it raises. Raise ChildFailed as a training does, InvalidSpec under torchrun.
    """
    if this_team().size > 1:
        raise InvalidSpec("steps are tried by one process alone: leave torchrun out")
    _run(archive, archive.read(birth_key(child), BirthRecord), _Part(None, None), watch)


class _StepClock:
    """Tells what steps take, from the end of the first one on."""

    def __init__(self) -> None:
        self._ticks = 0
        self._first = self._last = 0.0

    def tick(self) -> None:
        """A step is done."""
        self._last = perf_counter()
        self._first = self._first or self._last
        self._ticks += 1

    @property
    def seconds(self) -> float | None:
        """Of all of them, were the first one like the others; None: there were fewer than two."""
        return (self._last - self._first) / (self._ticks - 1) * self._ticks if self._ticks > 1 else None


@dataclass(frozen=True)
class _Part:
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

    clock = _StepClock()

    def beat(epoch: int, batch: int, batches: int) -> None:
        clock.tick()
        if this_team().size == 1:
            # The others of a team would wait for it in their next step.
            attempt.check()
        progress((epoch - 1 + batch / batches) / epochs)

    resume = read_checkpoint(archive, child)
    with CheckpointWriter(archive, child, attempt.keep) as checkpoints:
        watch = Watch(checkpoints.write, beat, checkpoints.is_due)
        with training(Call(archive.store.url, child, resume, until)):
            network, state = _run(archive, birth, _Part(resume, until), watch)
    attempt.trained(clock.seconds)
    if state.epoch < epochs:
        return None
    trained = put_blob(archive.store, weights_to_bytes(as_specified(network, state.network)))
    return TrainingRecord(child=child, weights=trained, history=state.history)


def _run(archive: Archive, birth: BirthRecord, part: _Part, watch: Watch) -> tuple[nn.Module, TrainingState]:
    spec = archive.read(spec_key(birth.child), ChildSpec)
    data = training_data(archive, spec.data)
    network = build_for_training(spec)
    load_weights(network, get_blob(archive.store, birth.weights), f"blob {birth.weights}")
    place = device(spec.recipe)
    network.to(place)
    # Gates are open by the end of the first epoch, so a training that goes on after it has none.
    births = () if part.resume and part.resume.epoch else birth.births
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
        return network, train_network(task, part.resume, part.until)


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


def _finish(archive: Archive, record: TrainingRecord) -> TrainingRecord:
    """Write the end of the training; its checkpoint has done its work."""
    record = archive.create(training_key(record.child), record)
    archive.require(record.weights, f"the weights of child {record.child}")
    drop_checkpoint(archive, record.child)
    return record
