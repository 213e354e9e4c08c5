"""A campaign of random edits on trained hosts: does every one of them preserve the function?"""

import random
from collections.abc import Iterable, Iterator
from copy import deepcopy
from itertools import islice

import torch
from torch import Tensor, nn

from nasflow.base.document import Frozen
from nasflow.base.errors import InvalidSpec
from nasflow.base.seeds import derive
from nasflow.networks import build, initialise
from nasflow.search.record import EditReceipt
from nasflow.spec.data import DataSpec
from nasflow.spec.edits import CellEdit, Insert, Replace, Replicate, Split
from nasflow.spec.hosts import AnyHost, DenseNet, PyramidNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.recipe import Recipe
from nasflow.spec.tree import CELL_OPERATIONS, Merge, Operation, Path, Tree
from nasflow.steps.images import device
from nasflow.surgery import (
    TOLERANCE,
    Gates,
    Operated,
    calibrate,
    gated_logits,
    operate_all,
    receipts,
    relative_difference,
)
from nasflow.training.datasets.data import TrainingData, load_data
from nasflow.training.evaluate import logits, normalise
from nasflow.training.loop import train_network
from nasflow.training.session import Training

TRIAL_HOSTS = (
    DenseNet(growth=8, blocks=1, groups=1),
    DenseNet(growth=12, blocks=2, groups=2),
    DenseNet(growth=9, blocks=1, groups=3),
    DenseNet(growth=16, blocks=1, groups=4, stages=2),
    PyramidNet(widening=8, blocks=1, groups=2, start=8),
)
RECIPE = Recipe(epochs=2, learning_rate=0.1)
_DEEPEST_CELL = 4
LONGEST_SEQUENCE = 14
TRAINING_IMAGES = 500
_CALIBRATION_IMAGES = 128


class GrowthTrial(Frozen):
    """One random sequence of edits and what it did."""

    host: AnyHost
    parent_cell: str
    cell: str
    edits: tuple[EditReceipt, ...]
    """Each with the difference that it made by itself."""
    relative_difference: float
    """Largest |difference| over largest |logit|, evaluation mode, on images that nothing else saw."""
    train_mode_difference: float
    """The same with batch statistics (training mode)."""


class Campaign(Frozen):
    """What `nasflow verify` reports."""

    seed: int
    trials: int
    tolerance: float
    largest_relative_difference: float
    largest_train_mode_difference: float
    worst_cell: str
    worst: GrowthTrial


def trials(count: int, seed: int) -> Iterator[GrowthTrial]:
    """Draw `count` sequences on trained hosts (digits) and compare logits before and after each."""
    device(RECIPE)
    data = load_data(DataSpec(name="digits", held_out=300, train_images=TRAINING_IMAGES))
    parents = list(islice(trained_parents(data, seed), count))
    for number in range(count):
        yield run_trial(parents[number % len(parents)], data, derive(seed, "trial", number))


def run_campaign(steps: Iterable[GrowthTrial], seed: int) -> Campaign:
    """All trials and the worst of them."""
    done = list(steps)
    worst = max(done, key=lambda trial: trial.relative_difference)
    return Campaign(
        seed=seed,
        trials=len(done),
        tolerance=TOLERANCE,
        largest_relative_difference=worst.relative_difference,
        largest_train_mode_difference=max(trial.train_mode_difference for trial in done),
        worst_cell=worst.cell,
        worst=worst,
    )


def trained_parents(data: TrainingData, seed: int) -> Iterator[Operated]:
    """Each host trained with its start cell, and again after a random cell has grown in it."""
    for host in TRIAL_HOSTS:
        spec = NetworkSpec(
            host=host, channels=data.facts.channels, size=data.facts.size, classes=data.facts.classes
        )
        network = build(spec)
        initialise(network, seed)
        train_network(Training(network, data, RECIPE, seed))
        plain = Operated(spec, network)
        yield plain
        yield _grown_and_trained(plain, data, derive(seed, "parent", repr(host)))


def run_trial(parent: Operated, data: TrainingData, seed: int) -> GrowthTrial:
    """Grow by a random sequence, calibrate, and compare with the parent on the held-out images."""
    edits = random_edits(parent.spec, seed)
    grown = _grown(parent, edits, data, seed)

    def evaluated(network: nn.Module) -> Tensor:
        return logits(network, data.held_out, data.facts, device="cpu")

    def in_train_mode(network: nn.Module) -> Tensor:
        return _train_mode_logits(network, data)

    return GrowthTrial(
        host=parent.spec.host,
        parent_cell=str(parent.spec.parts.cell),
        cell=str(grown.spec.parts.cell),
        edits=tuple(receipts(parent, edits, torch.Generator().manual_seed(seed), evaluated)),
        relative_difference=relative_difference(evaluated(parent.network), gated_logits(grown, evaluated)),
        train_mode_difference=relative_difference(
            in_train_mode(parent.network), gated_logits(grown, in_train_mode)
        ),
    )


def fitting(spec: NetworkSpec) -> dict[str, list[CellEdit]]:
    """Every edit that fits the cells of a network, by kind."""
    options: dict[str, list[CellEdit]] = {}
    tree = spec.parts.cell
    for path, branch in tree.edges():
        for edit in _at(tree, path, branch.operation):
            if _fits(edit, spec):
                options.setdefault(edit.kind, []).append(edit)
    return options


def _at(tree: Tree, path: Path, operation: Operation) -> Iterator[CellEdit]:
    node = tree.node(path[:-1])
    if node and node.merge is Merge.NONE:
        yield from (Replicate(path=path[:-1], count=count) for count in (2, 3))
        yield from (Split(path=path[:-1], count=count) for count in (2, 3))
    if tree.node(path) is None and len(path) < _DEEPEST_CELL:
        yield Insert(path=path)
    if operation is Operation.IDENTITY:
        yield from (Replace(path=path, operation=each) for each in CELL_OPERATIONS)


def _fits(edit: CellEdit, spec: NetworkSpec) -> bool:
    try:
        edit.apply(spec)
    except InvalidSpec:
        return False
    return True


def random_edits(spec: NetworkSpec, seed: int) -> list[CellEdit]:
    """A sequence of edits of which each fits what those before it have made."""
    draws = random.Random(seed)
    edits: list[CellEdit] = []
    for _ in range(draws.randint(1, LONGEST_SEQUENCE)):
        options = fitting(spec)
        if not options:
            break
        edits.append(draws.choice(options[draws.choice(sorted(options))]))
        spec = edits[-1].apply(spec)
    return edits


def _grown(parent: Operated, edits: Iterable[CellEdit], data: TrainingData, seed: int) -> Operated:
    grown = operate_all(parent, edits, torch.Generator().manual_seed(seed))
    seen = torch.arange(_CALIBRATION_IMAGES)
    calibrate(grown, normalise(data.train.batch(seen), data.facts, "cpu"))
    return grown


def _grown_and_trained(parent: Operated, data: TrainingData, seed: int) -> Operated:
    grown = _grown(parent, random_edits(parent.spec, seed), data, seed)
    with Gates(grown) as gates:
        train_network(Training(grown.network, data, RECIPE, seed, gates=gates))
    return Operated(grown.spec, grown.network)


def _train_mode_logits(network: nn.Module, data: TrainingData) -> Tensor:
    """Logits of the held-out images as one batch with its own statistics; the running ones stay."""
    modes, state = {module: module.training for module in network.modules()}, deepcopy(network.state_dict())
    network.train()
    with torch.no_grad():
        images = normalise(data.held_out.batch(torch.arange(len(data.held_out))), data.facts, "cpu")
        out: Tensor = network(images)
    network.load_state_dict(state)
    for module, training in modes.items():
        module.training = training
    return out
