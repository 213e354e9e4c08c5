"""One training step: nasflow's against the loop that anybody would write, by precision and layout."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.figures import Figure, Figures
from nasflow.networks import build, initialise
from nasflow.spec.cells import TREE_CELL_A
from nasflow.spec.data import DataFacts, DataSpec
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts
from nasflow.spec.recipe import Recipe
from nasflow.training.batches import ImageBatch
from nasflow.training.datasets.data import TrainingData
from nasflow.training.datasets.images import MemoryImages
from nasflow.training.determinism import reproducible
from nasflow.training.session import Training
from nasflow.training.step import Moment, Stepper
from nasflow.training.team import Share

Steps = Callable[[], None]
"""Makes so many steps; the device may still be at them."""
Make = Callable[[], Steps]


@dataclass(frozen=True)
class Load:
    """What is timed: the network's size, and how often."""

    growth: int
    blocks: int
    size: int
    """Of the images, in pixels."""
    batch_size: int
    steps: int
    """Of one look at the clock."""
    looks: int
    """The fastest counts."""

    @property
    def images(self) -> int:
        """Of one look."""
        return self.batch_size * self.steps

    @property
    def network(self) -> NetworkSpec:
        """TreeCell-A in each place."""
        host = DenseNet(growth=self.growth, blocks=self.blocks, groups=2)
        return NetworkSpec(host=host, parts=Parts(cell=TREE_CELL_A), channels=3, size=self.size, classes=10)

    @property
    def data(self) -> TrainingData:
        """One batch of noise: what is in the images changes nothing of the time."""
        images = MemoryImages(
            torch.randint(256, (self.batch_size, 3, self.size, self.size), dtype=torch.uint8),
            torch.randint(10, (self.batch_size,)),
            10,
        )
        facts = DataFacts(
            spec=DataSpec(name="digits", held_out=1),
            fingerprint="",
            channels=3,
            size=self.size,
            classes=10,
            train_images=self.batch_size,
            held_out_images=self.batch_size,
            mean=(0.5,) * 3,
            std=(0.25,) * 3,
        )
        return TrainingData(facts, images, images)


@dataclass(frozen=True)
class Way:
    """How numbers are kept: the precision of the products, and the order in memory."""

    precision: Literal["float32", "bfloat16"]
    channels_last: bool

    @property
    def name(self) -> str:
        """As a figure is called."""
        return self.precision + ("-channels_last" if self.channels_last else "")

    @property
    def layout(self) -> torch.memory_format:
        """As torch calls it."""
        return torch.channels_last if self.channels_last else torch.contiguous_format


PLAIN, FASTEST = Way("float32", False), Way("bfloat16", True)
WAYS = (PLAIN, Way("float32", True), Way("bfloat16", False), FASTEST)


def measure_steps(load: Load, device: torch.device, figures: Figures) -> None:
    """Images a second of each side; the baseline is the bare loop in float32."""
    sides = dict(_ready(_eager(load, device)))
    best = _best(sides, load.looks, device)
    baseline = load.images / best[f"bare/{PLAIN.name}"]
    for name, seconds in best.items():
        figures.add(f"step/{name}", Figure(load.images / seconds, "images/s", baseline))
    # One by one, because each may take a minute to be compiled.
    for name, steps in _ready(_compiled(load, device)):
        (seconds,) = _best({name: steps}, load.looks, device).values()
        figures.add(f"step/{name}", Figure(load.images / seconds, "images/s", baseline))


def _eager(load: Load, device: torch.device) -> Iterator[tuple[str, Make]]:
    for way in WAYS:
        yield f"bare/{way.name}", partial(Bare.ready, load, way, device)
        yield f"nasflow/{way.name}", partial(own_steps, load, way, device)
    if device.type == "cuda":
        for way in (PLAIN, FASTEST):
            yield f"graph/{way.name}", partial(Bare.graph, load, way, device)


def _compiled(load: Load, device: torch.device) -> Iterator[tuple[str, Make]]:
    for way in (FASTEST, PLAIN):
        yield f"compiled/{way.name}", partial(Bare.ready, load, way, device, compiled=True)


def _ready(sides: Iterable[tuple[str, Make]]) -> Iterator[tuple[str, Steps]]:
    """Those that can be made and run once, which warms them up; of another one it is said that it cannot."""
    for name, make in sides:
        try:
            steps = make()
            steps()
        except Exception as error:
            print(f"step/{name}: failed, {type(error).__name__}: {str(error)[:200]}", flush=True)
            continue
        yield name, steps


def _best(sides: Mapping[str, Steps], looks: int, device: torch.device) -> dict[str, float]:
    """The shortest time of each side; they take turns, because the machine may be busy now and then."""
    best = dict.fromkeys(sides, float("inf"))
    for _ in range(looks):
        for name, steps in sides.items():
            _wait_for(device)
            begun = time.perf_counter()
            steps()
            _wait_for(device)
            best[name] = min(best[name], time.perf_counter() - begun)
    return best


def _wait_for(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def built(load: Load, way: Way, device: torch.device) -> nn.Module:
    """The network, in training mode on its device."""
    network = build(load.network)
    initialise(network, 0)
    network.to(device, memory_format=way.layout)  # type: ignore[call-overload]
    return network.train()


def own_steps(load: Load, way: Way, device: torch.device) -> Steps:
    """nasflow's, from images that are not on the device, deterministic as in a search."""
    recipe = Recipe(batch_size=load.batch_size, precision=way.precision, channels_last=way.channels_last)
    data = load.data
    training = Training(built(load, way, device), data, recipe, 0, device)
    stepper, share = Stepper(training), Share.whole(load.batch_size)
    stepper.begin(None)
    batch = ImageBatch(data.train.batch(torch.arange(load.batch_size)), data.train.labels)

    def steps() -> None:
        with reproducible(device), stepper.paths:
            for step in range(load.steps):
                moment = Moment(1, step, load.steps, recipe.epochs)
                stepper.step(training.network, moment, batch, share)

    return steps


class Bare:
    """Forward, backward, update: the images wait on the device, nothing is scheduled or looked at.

    Torch's switches stand as they come: on a GPU its convolutions round float32 to TensorFloat-32, which
    nasflow forbids itself.
    """

    def __init__(self, load: Load, way: Way, device: torch.device, compiled: bool = False) -> None:
        self._way, self._device = way, device
        network = built(load, way, device)
        self._call: Callable[[Tensor], Tensor] = torch.compile(network) if compiled else network
        self._optimizer = torch.optim.SGD(network.parameters(), 0.01, momentum=0.9, nesterov=True)
        images = torch.randn(load.batch_size, 3, load.size, load.size, device=device)
        self._images = images.contiguous(memory_format=way.layout)
        self._labels = torch.randint(10, (load.batch_size,), device=device)

    def step(self) -> None:
        """One."""
        self._optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self._device.type, torch.bfloat16, self._way.precision == "bfloat16"):
            outputs = self._call(self._images)
        F.cross_entropy(outputs.float(), self._labels).backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()

    @classmethod
    def ready(cls, load: Load, way: Way, device: torch.device, compiled: bool = False) -> Steps:
        """As many steps as one look at the clock takes."""
        bare = cls(load, way, device, compiled)

        def steps() -> None:
            for _ in range(load.steps):
                bare.step()

        return steps

    @classmethod
    def graph(cls, load: Load, way: Way, device: torch.device) -> Steps:
        """The same as one CUDA graph a step: the device is told all its kernels at once."""
        bare = cls(load, way, device)
        beside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            # Memory is taken and kernels are chosen before the graph is drawn.
            for _ in range(3):
                bare.step()
        torch.cuda.current_stream().wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            bare.step()

        def steps() -> None:
            for _ in range(load.steps):
                graph.replay()

        return steps
