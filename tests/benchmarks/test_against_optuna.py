import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.steps.samples import config, documents, open_archive

from nasflow.base.errors import InvalidSpec
from nasflow.search.config import SearchConfig
from nasflow.steps.begin import begin

pytest.importorskip("optuna", reason="the contest is against Optuna: pip install 'nasflow[bench]'")

from benchmarks.against_optuna import Contest, compete, draw
from benchmarks.clock import CpuClock
from benchmarks.contest import METHODS, MOMENTS, table
from benchmarks.rival import Rival
from optuna.trial import Trial

ASKED = {"start": {"epochs": 3, "learning_rate": 0.1}, "space": {"max_depth": 1}}


@pytest.fixture(autouse=True)
def _even_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the processor's time finds a second gone: what is done in a budget is then the same."""
    seconds = count()
    monkeypatch.setattr("benchmarks.clock.time.process_time", lambda: float(next(seconds)))


def rival(folder: Path, wanted: SearchConfig) -> Rival:
    """A study as a new process opens it."""
    archive = open_archive(folder / "store")
    return Rival(archive, begin(archive, wanted), "median", folder)


def trials(study: Rival) -> list[tuple[Any, ...]]:
    """What became of each trial that is over."""
    over = [each for each in study.trials if each.state.is_finished()]
    return [(each.params, each.state, each.intermediate_values, each.value) for each in over]


@pytest.mark.long
def test_a_killed_study_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped in trainings and between two questions and opened again, it has the trials of another one."""
    wanted = config(start=ASKED["start"])
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    rival(whole, wanted).run(12)
    with monkeypatch.context() as killed:
        killed.setattr(Trial, "suggest_categorical", _dying_after(9))
        with pytest.raises(KeyboardInterrupt):
            rival(parts, wanted).run(12)
    for seconds in (2, 7, 18):
        rival(parts, wanted).run(seconds)
    one, other = (trials(rival(folder, wanted)) for folder in (whole, parts))
    assert len(other) >= len(one) > 2
    assert other[: len(one)] == one


def _dying_after(answers: int) -> Callable[..., Any]:
    """Answers so many questions, and no more."""
    left, suggest = iter(range(answers)), Trial.suggest_categorical

    def dying(trial: Trial, name: str, choices: list[int]) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return suggest(trial, name, choices)

    return dying


@pytest.mark.long
def test_a_network_seen_before_costs_nothing(tmp_path: Path) -> None:
    """In a space of three cells trials go on when all are trained, and give up in the end."""
    small = {"max_depth": 1, "operations": ["identity"], "add_branches": [2], "concat_branches": [2]}
    study = rival(tmp_path, config(**(ASKED | {"space": small})))
    study.run(30)
    records = documents(open_archive(tmp_path / "store"))
    assert sum(key.endswith("record.json") for key in records) <= 3
    values = {str(seen.record.parts): seen.record.accuracy for seen in study.campaign().seen}
    assert all(seen.record.accuracy == values[str(seen.record.parts)] for seen in study.campaign().seen)
    assert len(study.campaign().seen) > len(values)


def test_what_optuna_is_not_asked(tmp_path: Path) -> None:
    """Costs and limits are refused: the contest would compare two things."""
    with pytest.raises(InvalidSpec, match="highest held-out accuracy, without costs"):
        rival(tmp_path, config(limits={"parameters": "1M"}))


def test_a_clock_outlives_its_process(tmp_path: Path) -> None:
    """What was marked is kept, a line that a kill cut off is not."""
    first = CpuClock(tmp_path / "clock")
    first.mark("one")
    first.mark("two")
    with (tmp_path / "clock").open("a") as file:
        file.write('\n["thr')
    second = CpuClock(tmp_path / "clock")
    second.mark("two")
    assert (second.total, second.whens()) == (3.0, {"one": 1.0, "two": 3.0})
    assert CpuClock(tmp_path / "clock").whens() == second.whens()


@pytest.mark.long
def test_the_whole_contest(tmp_path: Path) -> None:
    """A seed to its tables and plots; asked again, without the store even, nothing is trained and all is the
    same; another contest does not take it for its own.
    """
    contest = Contest(tmp_path / "store", tmp_path / "kept", config(**ASKED), "hyperband")
    with ThreadPoolExecutor(1) as pool:
        first = compete(contest, range(1, 2), pool)
        shutil.rmtree(tmp_path / "store")
        again = compete(contest, range(1, 2), pool)
    assert again == first
    assert not (tmp_path / "store").exists()
    lines = list(table(first))
    for method in METHODS:
        row = next(line for line in lines if line.startswith(f"| 1 | {method} |"))
        assert row.count("%") == 1 + len(MOMENTS)
    assert "**" in lines[-1]
    assert first[1, "nasflow"].tests["0"] == first[1, "optuna"].tests["0"]
    draw(tmp_path, first)
    assert [path.name for path in sorted(tmp_path.glob("*.svg"))] == ["signal.svg", "test.svg"]
    with pytest.raises(InvalidSpec, match="is of another contest"):
        replace(contest, pruner="median").outcomes(1)
