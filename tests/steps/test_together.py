"""Two processes that train together, as torchrun starts them, against one."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.backends.processes import quick_python
from tests.cli.calling import write_config
from tests.steps.samples import TINY, config, ledger_of, run_search, trained

from nasflow.search.record import Epoch

Torchrun = Callable[..., "subprocess.CompletedProcess[str]"]

DATA = {"name": "digits", "held_out": 100, "train_images": 151}
RECIPE = {"epochs": 2, "learning_rate": 0.05, "augmentation": "standard", "cutout": 2, "drop_path": 0.2} | {
    "curve": True
}
CHANGES: dict[str, Any] = {
    "data": DATA,
    "start": RECIPE,
    "child": RECIPE,
    "budget": {"children": 1},
    "finish": TINY["finish"] | {"controls": ()},
}
"""The last batch is of 23 images: no even shares. Everything that is drawn for an image is switched on."""


@pytest.fixture
def torchrun(tmp_path: Path) -> Iterator[Torchrun]:
    """`nasflow ...` in two processes; standalone, because tests run side by side."""
    with quick_python() as python:
        launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--no-python"]
        nasflow = [str(python), "-m", "tests.steps.command"]

        def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
            return subprocess.run(
                [str(python), *launch, *nasflow, *map(str, arguments)],
                capture_output=True,
                text=True,
                check=False,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
            )

        yield run


def losses(history: tuple[Epoch, ...]) -> list[float]:
    """The curves of a training."""
    return [loss for epoch in history for loss in (epoch.train_loss, epoch.held_out_loss) if loss is not None]


@pytest.mark.long
@pytest.mark.slow
def test_the_same_curve_as_one_process(torchrun: Torchrun, tmp_path: Path) -> None:
    """A whole search in two processes: the start network and its children learn as in one, gates included."""
    run_search(tmp_path / "one", config(**CHANGES))
    file = write_config(tmp_path, **CHANGES)
    ended = torchrun("search", file, "--store", tmp_path / "two", "--no-track")
    assert ended.returncode == 0, ended.stderr
    one, two = (ledger_of(tmp_path / name) for name in ("one", "two"))
    starts = [losses(trained(each.start).history) for each in (one, two)]
    assert starts[1] == pytest.approx(starts[0], rel=1e-4)
    assert [child.parts for child in two.children] == [child.parts for child in one.children]
    for ours, theirs in zip(two.children, one.children, strict=True):
        assert losses(ours.history) == pytest.approx(losses(theirs.history), rel=1e-3)
    assert two.finish
    # Only one of them has written: each child has one attempt.
    assert len(two.attempts) == len(one.attempts)


@pytest.mark.slow
@pytest.mark.long
def test_an_error_is_said_once(torchrun: Torchrun, tmp_path: Path) -> None:
    """A command that fails ends both processes, with its one line."""
    ended = torchrun("resume", "nobody", "--store", tmp_path / "store")
    assert ended.returncode != 0
    assert ended.stderr.count("nasflow: error: store") == 1


@pytest.mark.parametrize("rank", [pytest.param("1", marks=pytest.mark.long), "x"])
def test_half_of_what_torchrun_sets(rank: str) -> None:
    """One line says what to do."""
    done = subprocess.run(
        [sys.executable, "-c", "from nasflow.cli import main; main()", "list"],
        env=os.environ | {"RANK": rank, "WORLD_SIZE": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("nasflow: error: RANK is set as torchrun does, but the rest is not (")
    assert done.stderr.count("\n") == 1
