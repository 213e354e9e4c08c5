"""How fast a search would go here: its first networks are born and trained for a few steps.

In a store of their own, which is gone afterwards; by the same steps as a search, so that images are read,
augmented and normalised, gates open, and teachers are asked as they will be.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import pairwise
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import torch

from nasflow.base.errors import ChildFailed
from nasflow.base.terminal import say
from nasflow.controllers import Lesson, Results
from nasflow.measure import counted
from nasflow.measure.memory import weight_bytes
from nasflow.search.finalists import full_size
from nasflow.search.forecast import Pace, Paces
from nasflow.search.measures import Measured
from nasflow.search.outlook import Body
from nasflow.search.record import FailedRecord, TrainedRecord
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.rounds import Arm, Proposal
from nasflow.spec.child import ChildSpec
from nasflow.spec.network import NetworkSpec
from nasflow.steps.archive import Archive
from nasflow.steps.begin import Beginning, write_down
from nasflow.steps.child import warm_start
from nasflow.steps.evaluate import measures_of
from nasflow.steps.keys import spec_key
from nasflow.steps.ledger import read_ledger
from nasflow.steps.network import load_network
from nasflow.steps.propose import controller_of, propose
from nasflow.steps.records import write_record
from nasflow.steps.train import try_steps
from nasflow.store import digest_of, open_store
from nasflow.training.batches import count_batches
from nasflow.training.session import Watch

_WARMING, _MOST = 2, 12
"""Steps that are not timed, and steps in all, at most."""

_SECONDS = 2.0
"""After so long no further step is timed."""

_Clock = Callable[[ChildSpec], Pace]
"""Tells the pace of a network, and leaves a record of it, as if it were trained."""


class _EnoughSteps(Exception):
    """The pace of a training is known."""


def paces_of(beginning: Beginning, step_seconds: float | None = None) -> tuple[Paces, int]:
    """The pace of the start network, of a typical child, and of either at full size; and the bytes of the
    controller's state.

    Timed on this machine; or, where `step_seconds` says what a step of the start network takes elsewhere,
    from the mult-adds that were counted, and nothing is timed. Raise ChildFailed where one cannot be trained.
    """
    with TemporaryDirectory(prefix="nasflow-plan-") as folder:
        archive = Archive(open_store(folder))
        search = write_down(archive, beginning)
        if step_seconds is None:
            say("a few training steps of each kind of network are timed here: this takes a moment")
            clock = partial(_timed, archive)
        else:
            clock = partial(_scaled, archive, beginning.start, step_seconds)
        paces = _paces(archive, search, beginning.start, clock)
        rounds = read_ledger(archive, search).rounds
        return paces, state_bytes(beginning.config, beginning.start, rounds[0].proposal) if rounds else 0


def start_pace(beginning: Beginning) -> Pace:
    """That of the start network alone, timed here; raise ChildFailed where it cannot be trained."""
    with TemporaryDirectory(prefix="nasflow-plan-") as folder:
        archive = Archive(open_store(folder))
        write_down(archive, beginning)
        return _timed(archive, beginning.start)


def state_bytes(config: ResolvedConfig, start: ChildSpec, proposal: Proposal) -> int:
    """Of the controller's state after a round, which has one size whatever has been learned."""
    lessons = tuple(
        Lesson(decisions=each.decisions, tries=each.tries, reward=0.0)
        for each in proposal.episodes
        if each.arm is Arm.CONTROLLER
    )
    results = Results(config.space, start.network, proposal.seed, lessons)
    state, _ = controller_of(config).learn(None, results)
    return len(state or b"")


def _paces(archive: Archive, search: str, start: ChildSpec, clock: _Clock) -> Paces:
    known = {start.id: clock(start)}
    found: dict[Body, Pace] = {"start": known[start.id]}
    for body, spec in _others(archive, search):
        archive.create(spec_key(spec.id), spec)
        # One network may be two: then it is born once.
        known[spec.id] = known.get(spec.id) or clock(spec)
        found[body] = known[spec.id]
    return found


def _others(archive: Archive, search: str) -> Iterator[tuple[Body, ChildSpec]]:
    """A child of the first round, the one that half of them are larger than; and both at full size."""
    child = _typical(archive, search)
    yield "child", child
    ledger = read_ledger(archive, search)
    yield "last", full_size(ledger, child.network.parts, child.id)
    yield "last_start", full_size(ledger, ledger.config.start_parts, ledger.start_spec.id)


def _typical(archive: Archive, search: str) -> ChildSpec:
    """Where there are no children, the start network."""
    ledger = read_ledger(archive, search)
    ids = () if ledger.is_transfer else propose(archive, search, 1).children
    specs = sorted(
        (archive.read(spec_key(id), ChildSpec) for id in ids), key=lambda each: work_of(each.network)
    )
    return specs[len(specs) // 2] if specs else ledger.start_spec


def _timed(archive: Archive, spec: ChildSpec) -> Pace:
    began = perf_counter()
    birth = warm_start(archive, spec.id)
    if isinstance(birth, FailedRecord):
        raise ChildFailed(f"{spec.network.name} was tried: {birth.failure}")
    born = perf_counter()
    step = _step_seconds(archive, spec) if spec.recipe.epochs else 0.0
    stepped = perf_counter()
    network = load_network(archive, spec, birth.weights)
    measures = measures_of(archive, spec, network, (), "before its training")
    look = perf_counter() - stepped
    _write_down(archive, spec, birth.weights, measures)
    return _pace(spec, step, look, born - began)


def _step_seconds(archive: Archive, spec: ChildSpec) -> float:
    times = [perf_counter()]

    def beat(epoch: int, batch: int, batches: int) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        times.append(perf_counter())
        # The first one alone tells nothing: a GPU's libraries are loaded in it.
        if len(times) > _MOST or (len(times) > 2 and times[-1] - times[0] > _SECONDS):
            raise _EnoughSteps

    with suppress(_EnoughSteps):
        try_steps(archive, spec.id, Watch(beat=beat))
    steps = [later - earlier for earlier, later in pairwise(times)]
    return median(steps[_WARMING:] or steps[-1:])


def _scaled(archive: Archive, start: ChildSpec, seconds: float, spec: ChildSpec) -> Pace:
    """By mult-adds; of a step, a third goes forward, which is all that an evaluation or a birth does."""
    ratio = (
        work_of(spec.network) * spec.recipe.batch_size / (work_of(start.network) * start.recipe.batch_size)
    )
    step = seconds * ratio
    look = step / 3 * spec.data.held_out_images / spec.recipe.batch_size
    nothing = Measured(value=0.0, unit="share")
    _write_down(archive, spec, digest_of(b""), counted(spec.network) | {"held_out_accuracy": nothing})
    return _pace(spec, step, look, look)


def _pace(spec: ChildSpec, step: float, look: float, birth: float) -> Pace:
    batches = count_batches(spec.data.train_images, spec.recipe.batch_size)
    return Pace(
        epoch=step * batches + (look if spec.recipe.curve else 0.0),
        look=look,
        birth=birth,
        weights=weight_bytes(spec.network),
    )


def _write_down(archive: Archive, spec: ChildSpec, weights: str, measures: dict[str, Measured]) -> None:
    """The record that others need to grow from it."""
    record = TrainedRecord(child=spec.id, parts=spec.network.parts, measures=measures, weights=weights)
    write_record(archive, record)


def work_of(network: NetworkSpec) -> float:
    """Mult-adds for one image: what networks' paces are compared by where they are not timed."""
    return counted(network, ["mult_adds"])["mult_adds"].value
