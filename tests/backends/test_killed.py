import os
import random
import signal
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from tests.backends.disturbed import SHORTLISTED, assert_undisturbed
from tests.backends.processes import gone, members, start
from tests.cli.calling import write_config
from tests.steps.samples import LONGER, TINY, finished_once, ledger_of

from nasflow.base.errors import LaneLost

PARETO = ["held_out_loss", "parameters"]
HOST = {"kind": "written", "layers": 3, "filters": 4}

POLICY: dict[str, Any] = {"child": LONGER}
"""Two rounds; every child inherits from the start network."""

EVOLUTION: dict[str, Any] = {
    "child": LONGER,
    "parents": "found",
    "controller": {"kind": "evolution", "population": 2, "tournament": 2},
    "random_share": 0.0,
    "children_per_round": 1,
    "budget": {"rounds": 4},
}
"""Four rounds; children inherit from children."""

HALVED: dict[str, Any] = {"child": LONGER, "halving": {"rungs": [1, 2]}, "children_per_round": 4}
"""One round, of which half goes on at each of two rungs."""

JOINT: dict[str, Any] = {"child": LONGER, "space": {"kind": "joint"}, "objective": {"pareto": PARETO}}
"""Widths, layers and cells, by a policy that reads them as a sequence."""

WRITTEN: dict[str, Any] = {
    "child": LONGER,
    "space": {"kind": "chain"},
    "host": HOST,
    "parents": "none",
    "finish": TINY["finish"] | {"host": HOST},
}
"""Networks from nothing."""

WIDE: dict[str, Any] = EVOLUTION | {"children_per_round": 3} | SHORTLISTED
"""The same with children that can be trained side by side, the best of them at full size too."""


@pytest.mark.long
@pytest.mark.parametrize("changes", [POLICY, EVOLUTION, HALVED], ids=["start", "found", "halved"])
def test_killed_at_random_points(changes: dict[str, Any], tmp_path: Path) -> None:
    """SIGKILL again and again, at any moment: the resumed search ends as one that was never killed."""
    kills = kill_to_the_end(changes, tmp_path, random.Random(5), lanes=(1,), pace=16)
    assert kills >= 3


@pytest.mark.long
@pytest.mark.parametrize(
    ("seed", "lanes", "pace"),
    [(1, (2,), 5), (2, (1, 2, 3), 5)],
    ids=["2 lanes", "any"],
)
@pytest.mark.parametrize("changes", [POLICY, WIDE, HALVED], ids=["start", "found", "halved"])
def test_killed_at_many_points(
    changes: dict[str, Any], seed: int, lanes: tuple[int, ...], pace: int, tmp_path: Path
) -> None:
    """The same at many more points, with any number of lanes: every process in turn is the one that dies."""
    assert kill_to_the_end(changes, tmp_path, random.Random(seed), lanes, pace) >= 5


@pytest.mark.long
@pytest.mark.parametrize("changes", [JOINT, WRITTEN], ids=["joint", "written"])
def test_killed_in_other_spaces(changes: dict[str, Any], tmp_path: Path) -> None:
    """Whatever a search looks for; each new process follows all channels again, so there are fewer kills."""
    assert kill_to_the_end(changes, tmp_path, random.Random(3), lanes=(1, 2), pace=20) >= 2


def kill_to_the_end(
    changes: dict[str, Any], folder: Path, draws: random.Random, lanes: tuple[int, ...], pace: int
) -> int:
    """Run a search that is killed after every few documents, `pace` at most; how often it was.

    It must end as one that was never killed.
    """
    file, store, output, kills = write_config(folder, **changes), folder / "killed", folder / "output", 0
    while True:
        count = str(draws.choice(lanes))
        command = ("search", file, "--store", store, "--no-track", "--lanes", count)
        victim = start(*command, output=output, alone=True)
        # The first one in a training, however short trainings are on a quick machine; then at any moment.
        kill(victim, store, draws, pace, in_training=kills == 0)
        if victim.exitcode == 0:
            break
        assert victim.exitcode in {-signal.SIGKILL, LaneLost.exit_code}, output.read_text()
        kills += 1
    assert gone(members(victim.pid or 0), within=60)
    assert_undisturbed(str(store), finished_once(**changes))
    return kills


def kill(process: ForkServerProcess, store: Path, draws: random.Random, pace: int, in_training: bool) -> None:
    """Let a search write some documents and go on for an instant, or until a training begins; then kill it,
    or any process that it has opened, until it ends.
    """
    assert process.pid is not None
    while process.exitcode is None:
        wanted = count(store) + draws.randint(1, pace)
        while process.exitcode is None and count(store) < wanted:
            process.join(0.02)
        begun = attempts_begun(store)
        while in_training and process.exitcode is None and attempts_begun(store) == begun:
            process.join(0.005)
        process.join(0 if in_training else draws.uniform(0, 0.1))
        if process.exitcode is None:
            with suppress(ProcessLookupError):  # It ended just now by itself.
                os.kill(draws.choice(sorted({process.pid, *members(process.pid)})), signal.SIGKILL)
            process.join(0.02)


def attempts_begun(store: Path) -> int:
    """Trainings that have begun, ended or not."""
    return len(list(store.glob("children/*/attempts/*.json")))


def count(store: Path) -> int:
    """Files in a store, its own ones left out."""
    return sum(len(files) for folder, _, files in os.walk(store) if "/." not in folder)


def test_two_processes_at_once(tmp_path: Path) -> None:
    """Two processes on one search, as of two impatient users, end both, with the result and cost of one."""
    file, store, output = write_config(tmp_path), tmp_path / "both", tmp_path / "output"
    begun = [start("search", file, "--store", store, "--no-track", output=output) for _ in range(2)]
    for process in begun:
        process.join()
    assert [process.exitcode for process in begun] == [0, 0], output.read_text()
    assert_undisturbed(str(store), finished_once())
    assert {each.outcome for each in ledger_of(store).attempts} == {"useful"}


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted(sent: signal.Signals, code: int, tmp_path: Path) -> None:
    """Ctrl-C, and what a cluster sends before a kill, say in one line how to go on; exits as of a shell."""
    # A long search: on a busy machine a short one would be over before the signal comes.
    file, store = write_config(tmp_path, budget={"children": 500}), tmp_path / "store"
    output = tmp_path / "output"
    process = start("search", file, "--store", store, "--no-track", output=output)
    while process.exitcode is None and not list(store.glob("children/*/record.json")):
        process.join(0.01)
    assert process.pid is not None
    os.kill(process.pid, sent)
    process.join()
    assert process.exitcode == code
    assert output.read_text().splitlines()[-1] == (
        "nasflow: stopped: search tiny: all finished epochs are kept, "
        f"`nasflow resume tiny --store {store}` goes on"
    )
    assert (store / "searches" / "tiny" / "report.html").exists()
