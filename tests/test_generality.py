"""A space that nasflow does not know (tests/plugins/widths.py) makes a whole search, on every backend."""

import functools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.backends.processes import quick_python, start
from tests.cli.calling import call
from tests.steps.samples import open_archive, until_the_end

from nasflow.steps.summary import summary

HOST = {"kind": "chain", "widths": [4, 4]}
SEARCH: dict[str, Any] = {
    "name": "widths",
    "seed": 1,
    "data": {"name": "digits", "held_out": 100, "train_images": 150},
    "host": HOST,
    "start": {"epochs": 1, "learning_rate": 0.1},
    "child": {"epochs": 1},
    "space": {"kind": "widths", "widths": [2, 4, 6]},
    "controller": {"kind": "evolution", "population": 2, "tournament": 1},
    "parents": "found",
    "children_per_round": 2,
    "random_share": 0.5,
    "budget": {"children": 6},
    "finish": {"host": HOST, "recipe": {"epochs": 1, "learning_rate": 0.1}},
}
"""Three rounds of two children, one of them drawn at random: the last one has mutants."""


CONTROLLERS = {"evolution": SEARCH["controller"], "random": {"kind": "random"}}
EACH = ["evolution", pytest.param("random", marks=pytest.mark.long)]


def write_config(folder: Path, controller: str = "evolution") -> Path:
    """The search as a user's file."""
    file = folder / "widths.yaml"
    file.write_text(yaml.safe_dump(SEARCH | {"controller": CONTROLLERS[controller]}))
    return file


@functools.cache
def whole(controller: str = "evolution") -> dict[str, Any]:
    """What `nasflow search --json` says of the search if nobody kills it: the program itself, once."""
    folder = until_the_end()
    file = write_config(folder, controller)
    command = [str(Path(sys.executable).with_name("nasflow")), "search", str(file), "--json"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent / "plugins")}
    done = subprocess.run(
        [*command, "--no-track"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def digest(store: Path) -> object:
    """What `nasflow show --json` calls the ledger's digest."""
    return summary(open_archive(store), "widths")["ledger_digest"]


@pytest.mark.long
def test_a_whole_search() -> None:
    """Its children have other widths, which its own edits made of trained records; one of them is tested."""
    ledger = whole()["ledger"]
    assert whole()["status"] == "finished"
    children = [record for each in ledger["rounds"] for record in each["records"]]
    episodes = [episode for each in ledger["rounds"] for episode in each["proposal"]["episodes"]]
    assert len({json.dumps(record["parts"]) for record in children}) == len(children) == 6
    assert {record["status"] for record in children} == {"trained"}
    for record, episode in zip(children, episodes, strict=True):
        edits = [each["edit"] for each in record["receipt"]["edits"]]
        assert edits == episode["edits"]
        assert {each["kind"] for each in edits} == {"resize"}
        # These edits do not preserve: how far a child starts from its parent is told, and nothing is refused.
        assert record["receipt"]["tolerance"] is None
        assert record["receipt"]["difference"] > 0
    parents = {episode["parent"] for episode in episodes}
    assert parents - {ledger["start"]["child"]}
    assert parents <= {record["child"] for record in (ledger["start"], *children)}
    assert ledger["finish"]["child"] in {record["child"] for record in children}


def kill_in_round(number: int, file: Path, *options: str, python: Path | None = None) -> Path:
    """Begin the search, or go on with it, and kill it as soon as this round is proposed; its store."""
    store, output = file.with_name("store"), file.with_name("output")
    process = start("search", file, "--store", store, "--no-track", *options, output=output, python=python)
    proposal = store / f"searches/widths/rounds/{number:04}/proposal.json"
    while process.exitcode is None and not proposal.exists():
        process.join(0.01)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL, output.read_text()
    return store


@pytest.mark.long
@pytest.mark.parametrize("controller", EACH)
def test_killed_and_resumed(controller: str, plugins: Path, tmp_path: Path) -> None:
    """SIGKILL in each of its rounds: the resumed search ends as one that was never killed."""
    file = write_config(tmp_path, controller)
    (store,) = {kill_in_round(number, file) for number in (1, 2, 3)}
    said = call("resume", "widths", "--store", store, "--no-track")
    assert said.code == 0, said.err
    assert digest(store) == whole(controller)["ledger_digest"]


@pytest.mark.long
@pytest.mark.parametrize("controller", EACH)
def test_as_components(
    controller: str, plugins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the cluster's components, each task a process, it does too, whatever a killed one left at work."""
    file, local = write_config(tmp_path, controller), ("--backend", "subprocess")
    expected = whole(controller)["ledger_digest"]
    with quick_python() as python:
        (store,) = {kill_in_round(number, file, *local, python=python) for number in (1, 2, 3)}
        monkeypatch.setattr("sys.executable", str(python))
        said = call("search", file, "--store", store, "--no-track", *local)
    assert said.code == 0, said.err
    assert digest(store) == expected


def test_without_the_package(tmp_path: Path) -> None:
    """Where the package is not installed, the space is nobody's: one line says what there is."""
    said = call("search", write_config(tmp_path), "--store", tmp_path / "store", "--no-track")
    assert "space: no kind is called 'widths': take path, " in said.error
    assert "or one that an installed package adds" in said.error
    assert not (tmp_path / "store").exists()
