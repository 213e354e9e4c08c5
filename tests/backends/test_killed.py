import os
import random
import signal
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from tests.backends.processes import start
from tests.cli.calling import write_config
from tests.steps.samples import LONGER, config, open_archive, run_search

from nasflow.cli.summary import summary


def digest(store: Path) -> object:
    """What `nasflow show --json` calls the ledger's digest: attempts apart, all that a search knows."""
    return summary(open_archive(store), "tiny")["ledger_digest"]


def test_killed_at_random_points(tmp_path: Path) -> None:
    """SIGKILL again and again, at any moment: the resumed search ends as one that was never killed."""
    run_search(tmp_path / "whole", config(child=LONGER))
    file, store, output = write_config(tmp_path, child=LONGER), tmp_path / "killed", tmp_path / "output"
    draws, kills = random.Random(5), 0
    while not ended(
        victim := start("search", file, "--store", store, "--no-track", output=output), store, draws
    ):
        kills += 1
    assert victim.exitcode == 0, output.read_text()
    assert kills >= 5
    assert digest(store) == digest(tmp_path / "whole")
    # No count: one that is killed between its child's record and its own end has no outcome either.
    attempts = summary(open_archive(store), "tiny")["attempts"]
    assert {attempt["outcome"] for attempt in attempts} == {None, "useful"}


def ended(process: ForkServerProcess, store: Path, draws: random.Random) -> bool:
    """Let it write up to eight documents and go on for an instant, then kill it; whether it was faster."""
    wanted = count(store) + draws.randint(1, 8)
    while process.exitcode is None and count(store) < wanted:
        process.join(0.01)
    process.join(draws.uniform(0, 0.1))
    process.kill()
    process.join()
    return process.exitcode != -signal.SIGKILL


def count(store: Path) -> int:
    """Files in a store, its own ones left out."""
    return sum(path.is_file() and not path.name.startswith(".") for path in store.glob("*/**/*"))


def test_two_processes_at_once(tmp_path: Path) -> None:
    """Two processes on one search, as of two impatient users, end both, with the result of one."""
    run_search(tmp_path / "alone", config())
    file, store, output = write_config(tmp_path), tmp_path / "both", tmp_path / "output"
    both = [start("search", file, "--store", store, "--no-track", output=output) for _ in range(2)]
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0], output.read_text()
    assert digest(store) == digest(tmp_path / "alone")


def test_interrupted(tmp_path: Path) -> None:
    """Ctrl-C says in one line how to go on and exits with 130."""
    # A long search: on a busy machine a short one would be over before the signal comes.
    file, store = write_config(tmp_path, budget={"children": 500}), tmp_path / "store"
    output = tmp_path / "output"
    process = start("search", file, "--store", store, "--no-track", output=output)
    while process.exitcode is None and not list(store.glob("children/*/record.json")):
        process.join(0.01)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGINT)
    process.join()
    assert process.exitcode == 130
    assert output.read_text().splitlines()[-1].startswith("nasflow: stopped: all finished epochs are kept")
    assert (store / "searches" / "tiny" / "report.html").exists()
