from dataclasses import replace
from pathlib import Path

import pytest
from tests.cli.calling import call, write_config
from tests.studies.test_signals import made_up
from tests.studies.truth.test_train import SMALL as SMALL_SPACE

from nasflow.base.packed import packed
from nasflow.studies.rehearsal import KeptTrial, read_trial

SMALL = ("rehearse", "--children", "60", "--seeds", "2", "--arm", "random", "--arm", "evolution")


def test_figures_for_programs(tmp_path: Path) -> None:
    """Each arm has its mean with an interval, its best and its collapsed seeds; the curves are drawn."""
    said = call(*SMALL, "--first-seed", "5", "--plot", tmp_path / "curves.svg", "--json")
    assert said.code == 0
    assert (said.json["children"], said.json["seeds"], said.json["first_seed"]) == (60, 2, 5)
    for arm in ("random", "evolution"):
        figures = said.json[arm]
        low, high = figures["interval"]
        assert low <= figures["rolling50_mean"] <= high
        assert figures["best"] >= figures["rolling50_mean"]
        assert figures["collapsed"] == 0
        assert figures["best_so_far"].keys() == {"20", "50"}
        assert figures["best_so_far"]["20"][0] <= figures["best_so_far"]["50"][0] <= figures["best"]
    drawn = (tmp_path / "curves.svg").read_text()
    assert all(f">{arm}</text>" in drawn for arm in ("random", "evolution"))


def test_several_at_a_time() -> None:
    """In whatever process a search is made, it is the same search."""
    alone, together = (
        call(*SMALL, "--children", "20", "--reward", "structured", "--jobs", jobs, "--json").json
        for jobs in ("1", "2")
    )
    assert together == alone


def test_a_table(tmp_path: Path) -> None:
    """Without --json it is a line an arm; another reward is another result."""
    tables = {name: call(*SMALL, "--reward", name).out for name in ("hash", "structured")}
    assert all("evolution" in table and "0 of 2" in table for table in tables.values())
    assert tables["hash"] != tables["structured"]


def test_a_plot_that_cannot_be_written(tmp_path: Path) -> None:
    """One line with the file, and the exit code of writing; the figures are not lost."""
    said = call(*SMALL, "--plot", tmp_path / "missing" / "curves.svg")
    assert said.code == 4
    assert "curves.svg" in said.err
    assert "evolution" in said.out


def test_searches_are_kept(tmp_path: Path) -> None:
    """What a folder has is not made again, whatever it says; a folder of other searches is named."""
    kept = (*SMALL, "--children", "20", "--trials", tmp_path, "--json")
    first = call(*kept)
    assert first.code == 0, first.err
    assert {file.name for file in tmp_path.iterdir()} == {
        f"{arm}-{seed}.json.gz" for arm in ("random", "evolution") for seed in (0, 1)
    }
    (tmp_path / "evolution-0.json.gz").unlink()
    trial = read_trial(tmp_path / "random-0.json.gz", "20 children, hash reward")
    better = replace(trial, rewards=tuple(reward + 1 for reward in trial.rewards))
    of = KeptTrial.over("20 children, hash reward", better)
    (tmp_path / "random-0.json.gz").write_bytes(packed(of))
    again = call(*kept)
    assert again.json["evolution"] == first.json["evolution"]
    assert again.json["random"]["best"] == max(better.rewards)
    other = call(*SMALL, "--children", "30", "--trials", tmp_path)
    assert other.code == 2
    assert "is of 20 children, hash reward, and this is of 30 children" in other.error


def test_an_arm_twice_is_once() -> None:
    """The same seeds of the same arm are no further evidence."""
    twice = call(
        "rehearse", "--children", "20", "--seeds", "2", "--arm", "random", "--arm", "random", "--json"
    )
    once = call("rehearse", "--children", "20", "--seeds", "2", "--arm", "random", "--json")
    assert twice.json == once.json


@pytest.mark.long
def test_a_table_of_real_trainings(tmp_path: Path) -> None:
    """A small space is trained, and searches are replayed on what came out; mistakes are one line."""
    config, table = write_config(tmp_path, **SMALL_SPACE), tmp_path / "table.json.gz"
    made = call("study", "truth", config, "--output", table, "--store", tmp_path / "store", "--lanes", "1")
    assert (made.code, made.out.strip()) == (0, str(table))
    replay = ("rehearse", "--children", "2", "--arm", "random", "--reward", "table", "--table", table)
    said = call(*replay, "--epochs", "1", "--json")
    assert said.code == 0, said.err
    assert said.json["random"]["regret"] == {}
    # A rung is read, and comes before the last of two epochs at least.
    late = call(*replay, "--epochs", "1", "--rung", "1")
    assert "a rung comes before the signal's last epoch" in late.error
    assert "the table has 1 to 1" in call(*replay, "--epochs", "2").error
    assert "which --table?" in call(*replay[:-2]).error
    assert "--figure luck: take one of held-out accuracy, " in call(*replay, "--figure", "luck").error
    (tmp_path / "cells.json.gz").write_bytes(packed(made_up()))
    drawn = call("study", "signals", tmp_path / "cells.json.gz", "--plots", tmp_path / "plots")
    assert drawn.code == 0, drawn.err
    assert "| truth of another seed | +0." in drawn.out
    for source in ("inherited", "scratch"):
        assert ">held-out loss</text>" in (tmp_path / f"plots/signals-{source}.svg").read_text()
    few = call("study", "signals", table)
    assert few.code == 2
    assert "3 cells are trained to the end, and ranks take 10" in few.error
