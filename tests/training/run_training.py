"""A training in a process of its own, for the tests that kill it or take its memory away.

run_training.py FOLDER EPOCH BATCH    run, and be killed after that batch
run_training.py --exhaust BYTES       train with that much further memory, print how it failed
"""

import os
import resource
import signal
import sys
from pathlib import Path

import torch
from torch import nn

from nasflow.base.errors import ChildFailed
from nasflow.spec.data import DataFacts, DataSpec
from nasflow.spec.recipe import Recipe
from nasflow.training.datasets.data import TrainingData
from nasflow.training.datasets.images import MemoryImages
from nasflow.training.loop import train_network
from nasflow.training.session import Training, Watch
from nasflow.training.state import TrainingState

RECIPE = Recipe(epochs=3, batch_size=32, learning_rate=0.05, augmentation="standard", curve=True)


def make_images(count: int) -> MemoryImages:
    """Noise: uint8 [count, 1, 8, 8]."""
    pixels = torch.randint(256, (count, 1, 8, 8), generator=torch.Generator().manual_seed(count))
    return MemoryImages(pixels.to(torch.uint8), torch.arange(count) % 10, 10)


def make_data() -> TrainingData:
    """300 training images, 50 held out."""
    facts = DataFacts(
        spec=DataSpec(name="digits", held_out=50),
        fingerprint="made up",
        channels=1,
        size=8,
        classes=10,
        train_images=300,
        held_out_images=50,
        mean=(0.5,),
        std=(0.3,),
    )
    return TrainingData(facts, make_images(300), make_images(50))


def make_network(width: int) -> nn.Sequential:
    """[batch, 1, 8, 8] to [batch, 10]."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.AvgPool2d(8),
            nn.Flatten(),
            nn.Linear(width, 10),
        )


def run(folder: Path, killed_at: tuple[int, ...] = ()) -> None:
    """Go on from `folder`/checkpoint if there is one, and write `folder`/final, unless killed before."""
    file, resume = folder / "checkpoint", None
    if file.exists():
        resume = TrainingState.from_bytes(file.read_bytes(), str(file))

    def keep(state: TrainingState) -> None:
        file.write_bytes(state.to_bytes())

    def beat(epoch: int, batch: int, batches: int) -> None:
        if (epoch, batch) == killed_at:
            os.kill(os.getpid(), signal.SIGKILL)

    training = Training(make_network(8), make_data(), RECIPE, 3, watch=Watch(keep, beat))
    state = train_network(training, resume)
    (folder / "final").write_bytes(state.to_bytes())


def exhaust(further: int) -> None:
    """Train a network whose activations, 164 MB a layer, do not fit."""
    data, network = make_data(), make_network(20_000)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + further, used + further))
    try:
        train_network(Training(network, data, RECIPE, 0))
    except ChildFailed as failure:
        print(failure)


if __name__ == "__main__":
    torch.set_num_threads(1)
    if sys.argv[1] == "--exhaust":
        exhaust(int(sys.argv[2]))
    else:
        run(Path(sys.argv[1]), tuple(map(int, sys.argv[2:])))
