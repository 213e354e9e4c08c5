"""A campaign of random transforms on trained hosts: does every one of them preserve the function?"""

import random
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import islice

import torch
from torch import Tensor, nn

from nasflow.base.document import Frozen
from nasflow.base.errors import InvalidSpec
from nasflow.base.seeds import derive
from nasflow.networks import build, check_fit, initialise
from nasflow.spec.data import DataSpec
from nasflow.spec.growth import Insert, Replace, Replicate, Split, Transform, apply
from nasflow.spec.host import DenseNet, Host, PyramidNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.recipe import Recipe
from nasflow.spec.tree import CELL_OPERATIONS, START_CELL, Merge, Operation, Path, Tree
from nasflow.steps.images import device
from nasflow.surgery import TOLERANCE, Gates, Grown, calibrate, gated_logits, grow, relative_difference
from nasflow.training.datasets.data import TrainingData, load_data
from nasflow.training.evaluate import logits, normalise
from nasflow.training.loop import train

HOSTS = (
    DenseNet(growth=8, blocks=1, groups=1),
    DenseNet(growth=12, blocks=2, groups=2),
    DenseNet(growth=9, blocks=1, groups=3),
    DenseNet(growth=16, blocks=1, groups=4, stages=2),
    PyramidNet(widening=8, blocks=1, groups=2, start=8),
)
RECIPE = Recipe(epochs=2, learning_rate=0.1)
MAXIMUM_DEPTH = 4
LONGEST_SEQUENCE = 14
TRAINING_IMAGES = 500
CALIBRATION_IMAGES = 128


class Trial(Frozen):
    """One random sequence of transforms and what it did."""

    host: Host
    parent_cell: str
    cell: str
    transforms: tuple[str, ...]
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
    worst: Trial


@dataclass(frozen=True)
class Parent:
    """A trained network whose cell is random transforms' starting point."""

    host: Host
    tree: Tree
    network: nn.Module


def trials(count: int, seed: int) -> Iterator[Trial]:
    """Draw `count` sequences on trained hosts (digits) and compare logits before and after each."""
    device(RECIPE)
    data = load_data(DataSpec(name="digits", held_out=300, train_images=TRAINING_IMAGES))
    parents = list(islice(trained_parents(data, seed), count))
    for number in range(count):
        yield run_trial(parents[number % len(parents)], data, derive(seed, "trial", number))


def run_campaign(steps: Iterable[Trial], seed: int) -> Campaign:
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


def trained_parents(data: TrainingData, seed: int) -> Iterator[Parent]:
    """Each host trained with its start cell, and again after a random cell has grown in it."""
    for host in HOSTS:
        spec = NetworkSpec(
            host=host, channels=data.facts.channels, size=data.facts.size, classes=data.facts.classes
        )
        network = build(spec)
        initialise(network, seed)
        train(network, data, RECIPE, seed)
        plain = Parent(host, START_CELL, network)
        yield plain
        yield _grown_and_trained(plain, data, derive(seed, "parent", repr(host)))


def run_trial(parent: Parent, data: TrainingData, seed: int) -> Trial:
    """Grow by a random sequence, calibrate, and compare with the parent on the held-out images."""
    tree, transforms, grown = _grow(parent, data, seed)

    def evaluated(network: nn.Module) -> Tensor:
        return logits(network, data.held_out, data.facts, device="cpu")

    def in_train_mode(network: nn.Module) -> Tensor:
        return _train_mode_logits(network, data)

    return Trial(
        host=parent.host,
        parent_cell=str(parent.tree),
        cell=str(tree),
        transforms=tuple(map(str, transforms)),
        relative_difference=relative_difference(evaluated(parent.network), gated_logits(grown, evaluated)),
        train_mode_difference=relative_difference(
            in_train_mode(parent.network), gated_logits(grown, in_train_mode)
        ),
    )


def fitting(tree: Tree, host: Host) -> dict[str, list[Transform]]:
    """Every transform that fits the tree in this host, by kind."""
    options: dict[str, list[Transform]] = {}
    for path, branch in tree.edges():
        for transform in _at(tree, path, branch.operation):
            if _fits(tree, transform, host):
                options.setdefault(transform.kind, []).append(transform)
    return options


def _at(tree: Tree, path: Path, operation: Operation) -> Iterator[Transform]:
    node = tree.node(path[:-1])
    if node and node.merge is Merge.NONE:
        yield from (Replicate(path=path[:-1], count=count) for count in (2, 3))
        yield from (Split(path=path[:-1], count=count) for count in (2, 3))
    if tree.node(path) is None and len(path) < MAXIMUM_DEPTH:
        yield Insert(path=path)
    if operation is Operation.IDENTITY:
        yield from (Replace(path=path, operation=each) for each in CELL_OPERATIONS)


def _fits(tree: Tree, transform: Transform, host: Host) -> bool:
    try:
        check_fit(apply(tree, transform), host)
    except InvalidSpec:
        return False
    return True


def _grow(parent: Parent, data: TrainingData, seed: int) -> tuple[Tree, list[Transform], Grown]:
    draws, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    tree, grown = parent.tree, Grown(parent.network)
    transforms: list[Transform] = []
    for _ in range(draws.randint(1, LONGEST_SEQUENCE)):
        options = fitting(tree, parent.host)
        if not options:
            break
        transforms.append(draws.choice(options[draws.choice(sorted(options))]))
        tree, grown = apply(tree, transforms[-1]), grow(grown, transforms[-1], generator)
    seen = torch.arange(CALIBRATION_IMAGES)
    calibrate(grown.network, grown.births, normalise(data.train.batch(seen), data.facts, "cpu"))
    return tree, transforms, grown


def _grown_and_trained(parent: Parent, data: TrainingData, seed: int) -> Parent:
    tree, _, grown = _grow(parent, data, seed)
    with Gates(grown.network, grown.births) as gates:
        train(grown.network, data, RECIPE, seed, gates=gates)
    return Parent(parent.host, tree, grown.network)


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
