"""What `benchmarks/gpu.sh` measures, a part a call: for the day that a GPU can be had.

Without CUDA all is smaller, to try the parts themselves. Each figure is written down as soon as it is known:
a part that is stopped by its time leaves what it has.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.figures import Figure, Figures
from benchmarks.gpu_steps import Load, measure_steps
from benchmarks.searching import NOBODY
from nasflow.backends.inline import run
from nasflow.base.errors import DataSetMissing
from nasflow.search.config import SearchConfig
from nasflow.search.controls import Control
from nasflow.search.record import AnyRecord, TrainedRecord
from nasflow.search.schedule import Train
from nasflow.spec.data import DataSpec
from nasflow.steps.archive import Archive
from nasflow.steps.begin import begin
from nasflow.steps.images import new_training_data
from nasflow.steps.lanes import Lanes
from nasflow.steps.ledger import read_ledger
from nasflow.steps.propose import propose
from nasflow.steps.records import read_record
from nasflow.store import open_store

PARTS = ("steps", "lanes", "search")


@dataclass(frozen=True)
class Sizes:
    """How much is done: at most 8 minutes on one GPU."""

    load: Load
    lanes: tuple[int, ...]
    children: int
    """That are timed, of each number of lanes; as many as there are lanes warm them up."""
    images: int
    """To train on, in lanes and search."""
    searched: int
    """Children of the search."""
    growth: int


ON_GPU = Sizes(Load(16, 2, 32, 64, 30, 5), (1, 2, 4, 8), 8, 4000, 8, 16)
ON_CPU = Sizes(Load(4, 1, 16, 16, 3, 2), (1, 2), 2, 300, 2, 4)


def images(sizes: Sizes) -> dict[str, Any]:
    """Fashion-MNIST where its package is installed, else the digits that come with scikit-learn."""
    fashion = {"name": "fashion-mnist", "train_images": sizes.images, "held_out": sizes.images // 2}
    try:
        new_training_data(DataSpec.model_validate(fashion))
    except DataSetMissing:
        return {"name": "digits", "held_out": 360, "train_images": min(sizes.images, 1000)}
    return fashion


def asked(name: str, sizes: Sizes, children: int) -> SearchConfig:
    """A search of one round, drawn uniformly: what is proposed is then the same for any number of lanes."""
    host = {"kind": "densenet", "growth": sizes.growth, "blocks": 1, "groups": 2}
    long, short = ({"epochs": epochs, "channels_last": True} for epochs in (4, 2))
    return SearchConfig.model_validate(
        {
            "name": name,
            "data": images(sizes),
            "host": host,
            "start": long | {"learning_rate": 0.1},
            "child": short,
            "controller": {"kind": "random"},
            "children_per_round": children,
            "budget": {"children": children},
            "finish": {"host": host, "recipe": long | {"learning_rate": 0.1}},
        }
    )


def measure_lanes(sizes: Sizes, figures: Figures, folder: Path) -> None:
    """Children an hour of each number of lanes, and whether they are those of one lane."""
    apart: list[AnyRecord] = []
    alone: float | None = None
    for count in sizes.lanes:
        records, seconds = _in_lanes(sizes, count, folder / str(count))
        speed = 3600 * len(records) / seconds
        apart, alone = apart or records, alone or speed
        figures.add(f"lanes/{count}/children", Figure(speed, "children/h", alone))
        same = sum(one == other for one, other in zip(records, apart, strict=True))
        figures.add(f"lanes/{count}/equal", Figure(same / len(apart), "share of children", 1.0))
        pairs = zip(_accuracies(records), _accuracies(apart), strict=True)
        apart_by = 100 * max((abs(one - other) for one, other in pairs), default=0.0)
        figures.add(f"lanes/{count}/difference", Figure(apart_by, "points of held-out accuracy", 0.0))


def _in_lanes(sizes: Sizes, count: int, folder: Path) -> tuple[list[AnyRecord], float]:
    """The timed children's records, and the seconds that all of them took together."""
    archive = Archive(open_store(str(folder)))
    most = max(sizes.lanes)
    id = begin(archive, asked("lanes", sizes, most + sizes.children))
    with Lanes(archive, id, count, lambda child, share: None) as lanes:
        list(lanes.train([Train(read_ledger(archive, id).start_spec.id, "start")]))
        propose(archive, id, 1)
        children = read_ledger(archive, id).rounds[0].proposal.children
        # A lane's first child brings in torch and the device's own libraries.
        list(lanes.train([Train(child, "round", 1) for child in children[:count]]))
        timed = children[most:]
        begun = time.perf_counter()
        list(lanes.train([Train(child, "round", 1) for child in timed]))
        seconds = time.perf_counter() - begun
    return [read_record(archive, child) for child in timed], seconds


def _accuracies(records: list[AnyRecord]) -> list[float]:
    return [each.accuracy if isinstance(each, TrainedRecord) else 0.0 for each in records]


def measure_search(sizes: Sizes, figures: Figures, folder: Path) -> None:
    """A whole search: how long it took, and what came of it against its start cell."""
    archive = Archive(open_store(str(folder)))
    begun = time.perf_counter()
    id = begin(archive, asked("search", sizes, sizes.searched))
    run(archive, id, NOBODY, lambda: None, max(sizes.lanes) // 2)
    figures.add(f"search/{sizes.searched}-children", Figure(time.perf_counter() - begun, "s"))
    ledger = read_ledger(archive, id)
    trained = sum(isinstance(each, TrainedRecord) for each in ledger.children)
    figures.add("search/trained", Figure(trained, "children", float(sizes.searched)))
    receipts = [each.receipt.difference for each in ledger.children if each.receipt]
    figures.add("search/receipt", Figure(max(receipts), "largest relative difference of a logit", 1e-6))
    if ledger.finish:
        figures.add(
            "search/test", Figure(ledger.finish.test_accuracy, "share", ledger.finish.accuracy(Control.START))
        )


def main() -> None:
    """One part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--output", type=Path, required=True, help="the JSON file to add to")
    given = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    print(f"{given.part}: torch {torch.__version__} on {name}", flush=True)
    sizes, figures = (ON_GPU if device.type == "cuda" else ON_CPU), Figures(given.output)
    with tempfile.TemporaryDirectory() as folder:
        match given.part:
            case "steps":
                measure_steps(sizes.load, device, figures)
            case "lanes":
                measure_lanes(sizes, figures, Path(folder))
            case "search":
                measure_search(sizes, figures, Path(folder))


if __name__ == "__main__":
    main()
