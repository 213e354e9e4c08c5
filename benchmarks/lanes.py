"""Children trained side by side, a process a core, against one after the other.

By the clock: what else the machine does counts against the lanes.
"""

import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import yaml

from benchmarks.race import Figure, Race, Side
from nasflow.search.config import SearchConfig
from nasflow.search.schedule import Train
from nasflow.spec.cells import TREE_CELL_B
from nasflow.spec.child import ChildSpec
from nasflow.spec.origin import Scratch
from nasflow.spec.parts import Parts
from nasflow.steps.archive import Archive
from nasflow.steps.begin import begin
from nasflow.steps.keys import spec_key
from nasflow.steps.lanes import Lanes, count_lanes
from nasflow.steps.ledger import read_ledger
from nasflow.store import open_store

_CHILDREN_A_LANE = 3
_EXAMPLE = Path(__file__).parents[1] / "examples" / "digits.yaml"
_SEEDS = count()
"""A child that is in the store is not trained again: each has a seed of its own."""


def lanes() -> Iterator[Race]:
    """As many lanes as `nasflow search` would take."""
    many = count_lanes()
    children = many * _CHILDREN_A_LANE
    figure = Figure(
        name="children_per_hour_lanes",
        baseline=f"one lane ({children} children of examples/digits.yaml with TreeCell-B; {many} lanes here)",
        unit="times as many",
        of=lambda seconds: seconds["one lane"] / seconds["lanes"],
        bar=0.9 * many,
    )
    yield Race({"one lane": _trained(1, children), "lanes": _trained(many, children)}, (figure,))


def _trained(many: int, children: int) -> Side:
    def run() -> float:
        with tempfile.TemporaryDirectory() as folder:
            archive = Archive(open_store(folder))
            search = begin(archive, SearchConfig.from_data(yaml.safe_load(_EXAMPLE.read_text()), "digits"))
            with Lanes(archive, search, many, lambda child, share: None) as side_by_side:
                # The first children begin the processes, which serve for the rest of a search.
                list(side_by_side.train(_tasks(archive, search, many, epochs=1)))
                begun = time.perf_counter()
                list(side_by_side.train(_tasks(archive, search, children, epochs=2)))
                return time.perf_counter() - begun

    return run


def _tasks(archive: Archive, search: str, number: int, epochs: int) -> list[Train]:
    """Children that are equally much work."""
    ledger = read_ledger(archive, search)
    start = ledger.start_spec
    recipe = ledger.config.child.model_copy(update={"epochs": epochs})
    network = start.network.with_parts(Parts(cell=TREE_CELL_B))
    specs = [
        ChildSpec(network=network, origin=Scratch(), data=start.data, recipe=recipe, seed=next(_SEEDS))
        for _ in range(number)
    ]
    for spec in specs:
        archive.create(spec_key(spec.id), spec)
    return [Train(spec.id, "round", 1) for spec in specs]
