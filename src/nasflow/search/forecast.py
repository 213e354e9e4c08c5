"""What a search will take, foretold from what one network of each kind takes."""

import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from nasflow.base.document import Document, Frozen
from nasflow.base.errors import InvalidSpec
from nasflow.search.cluster import Cluster
from nasflow.search.outlook import (
    Batch,
    Body,
    Stage,
    Stretch,
    count_rounds,
    counted_children,
    outlook,
    round_batches,
    trained_to_end,
)
from nasflow.search.resolved import ResolvedConfig

_STAGES: tuple[Stage, ...] = ("start", "children", "shortlist", "finish")

_DOCUMENTS = 8_000
"""Bytes of the documents about one network, as they come out."""


class Pace(Frozen):
    """What one network takes on one device."""

    epoch: float
    """Seconds of an epoch."""
    look: float
    """Seconds until its figures are known when it is trained."""
    birth: float
    """Seconds before its first step."""
    weights: int
    """Bytes."""

    def seconds(self, stretch: Stretch) -> float:
        """Of a network of this pace."""
        return stretch.epochs * self.epoch + self.look + (self.birth if stretch.is_born else 0.0)


Paces = Mapping[Body, Pace]


class Machine(Frozen):
    """Where a search runs."""

    device: str
    """`cpu`, the GPU's name, or what somebody has said of another machine."""
    kind: Literal["cpu", "gpu"]
    lanes: int
    """Networks that are trained at the same time."""


class StageWork(Frozen):
    """One stage of a search."""

    stage: Stage
    networks: int
    epochs: int
    """Of all its networks together."""
    seconds: float
    """Of all its networks together, one after the other."""


class ForetoldStage(StageWork):
    """One stage of a search to come."""

    hours: float
    """With as many networks at the same time as the machine trains."""
    is_most: bool
    """Whether it may come to less, see `Batch`."""


class Forecast(Document):
    """A search as it was foretold: kept beside what came of it, and no part of its ledger."""

    machine: Machine
    children: int
    rounds: int
    stages: tuple[ForetoldStage, ...]
    storage: int
    """Bytes in the store at the end."""

    @property
    def epochs(self) -> int:
        """Of all networks together."""
        return sum(each.epochs for each in self.stages)

    @property
    def hours(self) -> float:
        """From its beginning to its end."""
        return sum(each.hours for each in self.stages)

    @property
    def gpu_hours(self) -> float | None:
        """None: there is no GPU."""
        return sum(each.seconds for each in self.stages) / 3600 if self.machine.kind == "gpu" else None


def forecast(config: ResolvedConfig, paces: Paces, machine: Machine, state: int = 0) -> Forecast:
    """What a search takes at some paces, whose controller's state has so many bytes after each round.

    Raise InvalidSpec where its budget has no end on this machine.
    """
    children = affordable_children(config, paces, machine)
    batches = outlook(config, children)
    rounds = count_rounds(config, children)
    stages = (_stage(stage, batches, paces, machine.lanes) for stage in _STAGES)
    return Forecast(
        machine=machine,
        children=children,
        rounds=rounds,
        stages=tuple(each for each in stages if each.networks),
        storage=_storage(config, batches, paces) + rounds * state,
    )


def affordable_children(config: ResolvedConfig, paces: Paces, machine: Machine) -> int:
    """Children for which the budget lasts; raise InvalidSpec where it never ends."""
    budget, counted = config.budget, counted_children(config)
    seconds = [budget.seconds] if budget.seconds else []
    if budget.gpu_hours and machine.kind == "gpu":
        seconds.append(budget.gpu_hours * 3600)
    each = _work(round_batches(config, config.children_per_round), paces)
    if not seconds or not each:
        if counted is None:
            raise InvalidSpec(
                f"budget: nothing of it is ever spent on a {machine.kind}: "
                "set children, rounds or seconds too"
            )
        return counted
    left = min(seconds) - paces["start"].seconds(Stretch("start", config.start_recipe.epochs))
    # The budget is looked at after whole rounds.
    fitting = max(0, math.ceil(left / each)) * config.children_per_round
    return fitting if counted is None else min(fitting, counted)


def _work(batches: Iterable[Batch], paces: Paces) -> float:
    return sum(batch.times * paces[each.body].seconds(each) for batch in batches for each in batch.stretches)


def _stage(stage: Stage, batches: Sequence[Batch], paces: Paces, lanes: int) -> ForetoldStage:
    own = [batch for batch in batches if batch.stage == stage]
    stretches = [(batch.times, each) for batch in own for each in batch.stretches]
    return ForetoldStage(
        stage=stage,
        networks=sum(times * each.is_born for times, each in stretches),
        epochs=sum(times * each.epochs for times, each in stretches),
        seconds=_work(own, paces),
        hours=sum(batch.times * _together(batch, paces, lanes) for batch in own) / 3600,
        is_most=any(batch.is_most for batch in own),
    )


def _together(batch: Batch, paces: Paces, lanes: int) -> float:
    """Seconds of a batch: each lane takes the next network as soon as it is free."""
    free = [0.0] * lanes
    for each in batch.stretches:
        heapq.heapreplace(free, free[0] + paces[each.body].seconds(each))
    return max(free)


def _storage(config: ResolvedConfig, batches: Iterable[Batch], paces: Paces) -> int:
    """Of each network the weights of its birth and of its end, if it is trained to its end."""
    born = [(batch.times, each) for batch in batches for each in batch.stretches if each.is_born]
    children = sum(times for times, each in born if each.body == "child")
    stopped = children - trained_to_end(config, children)
    bytes = sum(times * (2 * paces[each.body].weights + _DOCUMENTS) for times, each in born)
    return bytes - stopped * paces["child"].weights


def pods_of(config: ResolvedConfig, children: int, cluster: Cluster) -> int:
    """Pods of a search's steps on a cluster, Kubeflow's own not counted.

    A run has its rounds' proposals and lessons whether or not they are needed, and one that asks for the
    next run; the last run is the finish. Workers do all rounds in one run.
    """
    batches = outlook(config, children)
    turns = [batch for batch in batches if batch.stage in {"start", "children"}]
    at_full_size = sum(len(each.stretches) for each in batches if each not in turns)
    if cluster.layout == "workers":
        return cluster.workers + 1 + at_full_size + _FINISH_PODS
    runs = math.ceil(sum(each.times for each in turns) / cluster.rounds_per_run)
    a_child = 1 if cluster.layout == "fused" else 3
    searched = sum(each.times * len(each.stretches) for each in turns) * a_child
    return runs * (2 * cluster.rounds_per_run + 1) + searched + at_full_size + _FINISH_PODS


_FINISH_PODS = 5
"""Besides the trainings: select, twice, evaluate-on-test, register-and-report, advance."""
