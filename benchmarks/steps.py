"""A child's training: nasflow's own loop against a loop of the fewest lines, on the same images in memory."""

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import torch
import yaml
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.race import Figure, Race, Side, timed
from nasflow.networks import build, initialise
from nasflow.spec.cells import TREE_CELL_B
from nasflow.spec.data import DataFacts, DataSpec
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts
from nasflow.spec.recipe import Recipe
from nasflow.training.datasets.data import TrainingData
from nasflow.training.datasets.images import MemoryImages
from nasflow.training.evaluate import normalise
from nasflow.training.loop import train_network
from nasflow.training.session import Training

_SPEC = NetworkSpec(
    host=DenseNet(growth=8, blocks=1, groups=2),
    parts=Parts(cell=TREE_CELL_B),
    channels=1,
    size=28,
    classes=10,
)
_OWN, _BARE, _EAGER = "nasflow", "bare loop", "eager float32"
_STEPS = 12
_WHAT = f"TreeCell-B, growth 8, {_STEPS} steps of 64 images of 28 x 28"


def child_steps() -> Iterator[Race]:
    """One epoch, by the recipe that the study's children have."""
    sides = {side: _apart(side) for side in (_OWN, _BARE, _EAGER)}
    against_bare = Figure(
        name="child_step_vs_bare_loop",
        baseline=f"a bare PyTorch loop with the same layout and precision ({_WHAT})",
        unit="times as fast",
        of=lambda seconds: seconds[_BARE] / seconds[_OWN],
        bar=0.95,
    )
    against_eager = Figure(
        name="child_step_vs_eager_float32",
        baseline=f"a bare PyTorch loop, float32, contiguous ({_WHAT})",
        unit="times as fast",
        of=lambda seconds: seconds[_EAGER] / seconds[_OWN],
        bar=2.5,
    )
    yield Race(sides, (against_bare, against_eager))


def _apart(side: str) -> Side:
    """In a process of its own: what nasflow does to its process must not help the others."""
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    return lambda: pool.submit(_seconds, side).result()


def _seconds(side: str) -> float:
    torch.set_num_threads(1)
    return timed(_epoch(side))()


@cache
def _epoch(side: str) -> Callable[[], object]:
    data, recipe = _data(), _recipe()
    if side == _OWN:
        return _own_epoch(data, recipe)
    layout = torch.channels_last if side == _BARE and recipe.channels_last else torch.contiguous_format
    return _bare_epoch(data, recipe, layout)


def _recipe() -> Recipe:
    """That of a child of examples/fashion-study.yaml, for one epoch."""
    file = Path(__file__).parents[1] / "examples" / "fashion-study.yaml"
    return Recipe.model_validate(yaml.safe_load(file.read_text())["child"] | {"epochs": 1})


def _data() -> TrainingData:
    """Noise in the shape of Fashion-MNIST; two images are held out, so that their evaluation is no matter."""
    draws = torch.Generator().manual_seed(0)
    count = _STEPS * Recipe().batch_size + 2
    pixels = torch.randint(256, (count, 1, 28, 28), generator=draws, dtype=torch.uint8)
    labels = torch.randint(10, (count,), generator=draws)
    facts = DataFacts(
        spec=DataSpec(name="fashion-mnist", held_out=2),
        fingerprint="0" * 64,
        channels=1,
        size=28,
        classes=10,
        train_images=count - 2,
        held_out_images=2,
        mean=(0.5,),
        std=(0.29,),
    )
    return TrainingData(
        facts, MemoryImages(pixels[2:], labels[2:], 10), MemoryImages(pixels[:2], labels[:2], 10)
    )


def _network() -> nn.Module:
    network = build(_SPEC)
    initialise(network, 0)
    return network


def _own_epoch(data: TrainingData, recipe: Recipe) -> Callable[[], object]:
    training = Training(_network(), data, recipe, seed=0)
    return lambda: train_network(training)


def _bare_epoch(data: TrainingData, recipe: Recipe, layout: torch.memory_format) -> Callable[[], object]:
    network = _network().to(memory_format=layout)
    count = len(data.train)
    images = normalise(data.train.batch(torch.arange(count)), data.facts, "cpu")
    images, labels = images.contiguous(memory_format=layout), data.train.labels
    optimizer = torch.optim.SGD(
        network.parameters(), recipe.learning_rate, recipe.momentum, 0, recipe.weight_decay, nesterov=True
    )

    def step(batch: Tensor) -> None:
        optimizer.zero_grad()
        F.cross_entropy(network(images[batch]), labels[batch]).backward()  # type: ignore[no-untyped-call]
        optimizer.step()

    def epoch() -> None:
        network.train()
        for batch in torch.split(torch.randperm(count), recipe.batch_size):
            step(batch)

    return epoch
