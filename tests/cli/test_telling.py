"""What is said before a search goes on."""

from pathlib import Path

import pytest
from tests.cli.calling import call, write_config
from tests.steps.samples import config, copy_of_finished, open_archive

from nasflow.search.schedule import Propose
from nasflow.steps.begin import begin
from nasflow.steps.execute import execute, tasks_of


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


@pytest.mark.parametrize("command", ["resume", "search"])
def test_a_search_that_is_finished(command: str, tmp_path: Path) -> None:
    """Is said to be: nothing is run again."""
    asked = write_config(tmp_path) if command == "search" else "tiny"
    said = call(command, asked, "--store", copy_of_finished(tmp_path), "--no-track")
    assert said.code == 0
    assert said.err.splitlines()[0] == "nasflow: tiny: is finished, for the budget that it has"
