"""What is said before a search goes on, and while it does."""

from pathlib import Path

import pytest
from tests.cli.calling import call, write_config
from tests.steps.samples import config, copy_of_finished, open_archive

from nasflow.search.schedule import Propose
from nasflow.steps.begin import begin
from nasflow.steps.execute import execute, tasks_of

UNTAUGHT = {"epochs": 1, "learning_rate": 1e-9}


def test_a_budget_below_what_is_begun(tmp_path: Path) -> None:
    """The round that is open is trained to its end, and that is said; what goes on is more than was spent."""
    archive = open_archive(tmp_path)
    begin(archive, config())
    (start,) = tasks_of(archive, "tiny")
    execute(archive, "tiny", start)
    execute(archive, "tiny", Propose(1))
    said = call("resume", "tiny", "--children", "1", "--store", tmp_path, "--no-track")
    assert "nasflow: tiny: 2 children are begun already: their round is finished, and no other be" in said.err
    assert "stopped    budget: children: 2 of 1; `nasflow resume tiny --children 4 " in said.out


def test_who_goes_on_is_told_so(tmp_path: Path) -> None:
    """After how many children; of a search that begins nothing of the kind is said."""
    file, store = write_config(tmp_path, budget={"children": 1}), tmp_path / "store"
    begins = call("search", file, "--store", store, "--no-track").err
    assert begins.startswith("nasflow: tiny: 1 child in 1 round")
    assert "goes on" not in begins
    goes_on = call("resume", "tiny", "--store", store, "--children", "2", "--no-track").err
    assert goes_on.startswith("nasflow: tiny: goes on after 1 child; in all 2 children")


@pytest.mark.parametrize("command", ["resume", "search"])
def test_a_search_that_is_finished(command: str, tmp_path: Path) -> None:
    """Is said to be: nothing is run again."""
    asked = write_config(tmp_path) if command == "search" else "tiny"
    said = call(command, asked, "--store", copy_of_finished(tmp_path), "--no-track")
    assert said.code == 0
    assert said.err.splitlines()[0] == "nasflow: tiny: is finished, for the budget that it has"


def test_a_start_that_learned_nothing_is_told(tmp_path: Path) -> None:
    """While it runs, before its children are compared; with the figures at the end, and by `show`."""
    file, store = write_config(tmp_path, start=UNTAUGHT, budget={"children": 1}), tmp_path / "store"
    said = call("search", file, "--store", store, "--no-track")
    assert said.err.count("warning: The start network tells") == 1
    assert said.err.index("has learned nothing yet") < said.err.index("child 1.1")
    for shown in (said, call("show", "tiny", "--store", store)):
        (told,) = (line for line in shown.out.splitlines() if line.startswith("warning "))
        assert "At full size the found network is no better than a guess" in told
        assert "The start network tells" in told


def test_a_report_that_is_not_written_is_not_named(tmp_path: Path) -> None:
    """But the command that writes it."""
    file, store = write_config(tmp_path, budget={"children": 1}), tmp_path / "store"
    told = call("search", file, "--store", store, "--no-track").out
    report = store / "searches" / "tiny" / "report.html"
    assert f"report     {report.parent}" in told.replace("file://", "")
    report.unlink()
    told = call("show", "tiny", "--store", store).out
    assert f"report     `nasflow report tiny --store {store}` writes it" in told
