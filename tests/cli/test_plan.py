"""`nasflow plan`, and what a search says of its own length."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cli.calling import call, write_config
from tests.steps.samples import HOST, open_archive

from nasflow.base.quantity import in_bytes
from nasflow.report.controls import least_difference
from nasflow.search.forecast import Forecast
from nasflow.steps.keys import forecast_key

EXAMPLES = Path(__file__).parents[2] / "examples"
FINISH = {"host": HOST, "recipe": {"epochs": 2, "learning_rate": 0.1}, "controls": ["start"]}


def planned(file: Path, *options: str) -> Any:
    """The plan of a configuration, as other programs read it."""
    return call("plan", file, *options, "--store", file.parent / "store", "--json").json


def by_stage(told: Any, figure: str) -> dict[str, Any]:
    """One figure of each stage."""
    return {each["stage"]: each[figure] for each in told["stages"]}


def test_a_plan_that_is_timed(tmp_path: Path) -> None:
    """Every figure is there, nothing is written, and the same is told to people."""
    file = write_config(tmp_path, finish=FINISH)
    told = planned(file)
    assert (told["children"], told["rounds"], told["epochs"]) == (4, 2, 9)
    assert by_stage(told, "epochs") == {"start": 1, "children": 4, "finish": 4}
    assert all(seconds > 0 for seconds in by_stage(told, "seconds").values())
    assert told["machine"] == {"device": "cpu", "kind": "cpu", "lanes": 1}
    assert told["gpu_hours"] is told["pods"] is None
    assert told["images"] == {"held_out": 100, "test": 359}
    assert told["smallest_difference"]["held_out"] == least_difference(100, 0.1)
    assert not (tmp_path / "store").exists()


def test_a_pace_that_is_given(tmp_path: Path) -> None:
    """Nothing is timed: twice the seconds of a step are twice the hours, and fewer lanes are more hours."""
    file = write_config(tmp_path, finish=FINISH)
    one, two = (planned(file, "--step-seconds", each) for each in ("1", "2"))
    assert two["hours"] == pytest.approx(2 * one["hours"])
    # Three batches of 64 images of 150, and the held-out ones at a third of that.
    assert by_stage(one, "seconds")["start"] == pytest.approx(3 + 2 * 100 / 64 / 3)
    beside = planned(file, "--step-seconds", "1", "--lanes", "2")
    assert by_stage(beside, "seconds") == by_stage(one, "seconds")
    assert by_stage(beside, "hours")["children"] < by_stage(one, "hours")["children"]
    said = call("plan", file, "--step-seconds", "1").out.splitlines()
    assert [line.split()[0] for line in said] == [
        *("search", "start", "children", "finish", "in", "storage", "images")
    ]


def test_a_cluster_has_pods_and_gpus(tmp_path: Path) -> None:
    """As many children at a time as it says; GPU-hours, because its pods have one."""
    asked = yaml.safe_load((EXAMPLES / "cluster.yaml").read_text()) | {"finish": FINISH}
    file = tmp_path / "cluster.yaml"
    file.write_text(yaml.safe_dump(asked))
    told = planned(file, "--step-seconds", "0.01")
    assert told["machine"]["lanes"] == asked["cluster"]["parallelism"]
    assert told["gpu_hours"] == pytest.approx(sum(by_stage(told, "seconds").values()) / 3600)
    # Five turns (the start network, four rounds) in two runs, then the finish.
    assert told["pods"] == 2 * (3 * 2 + 1) + (1 + 20) + (5 + 2)


def test_a_budget_of_seconds(tmp_path: Path) -> None:
    """Rounds begin until it is spent; one that this machine never spends is refused in a line."""
    file = write_config(tmp_path, budget={"seconds": 60}, finish=FINISH)
    told = planned(file, "--step-seconds", "1")
    start, children = (by_stage(told, "seconds")[stage] for stage in ("start", "children"))
    a_round = children / told["rounds"]
    assert start + children - a_round < 60 <= start + children
    endless = write_config(tmp_path, budget={"gpu_hours": 1})
    assert "set children" in call("plan", endless, "--step-seconds", "1").error


def test_a_search_tells_its_length(tmp_path: Path) -> None:
    """Before it begins what it trains, with its first child how long that takes: kept beside what came."""
    file, store = write_config(tmp_path, finish=FINISH), tmp_path / "store"
    said = call("search", file, "--store", store, "--no-track")
    before, *after = [line for line in said.err.splitlines() if line.startswith("nasflow: tiny: ")]
    assert "4 children in 2 rounds and 2 trainings at full size: 9 epochs" in before
    assert [line for line in after if "about" in line] == after
    assert len(after) == 1
    shown = call("show", "tiny", "--store", store, "--json").json["foretold"]
    kept = open_archive(store).read(forecast_key("tiny"), Forecast)
    assert shown["stages"] == [each.model_dump(mode="json") for each in kept.stages]
    assert [each["epochs"] for each in shown["spent"]] == [each["epochs"] for each in shown["stages"]]
    assert "took       children: 4 epochs (4 foretold)" in call("show", "tiny", "--store", store).out
    assert "forecast" not in json.dumps(call("show", "tiny", "--store", store, "--json").json["ledger"])
    real = sum(file.stat().st_size for file in store.rglob("*") if file.is_file())
    assert real / 1.5 < kept.storage < 1.5 * real
    again = call("resume", "tiny", "--store", store, "--no-track")
    assert "is finished, for the budget that it has" in again.err
    assert "(4 foretold)" in again.out
    again = call("resume", "tiny", "--store", store, "--children", "6", "--no-track")
    assert "(4 foretold for 4 children)" in again.out
    assert not [
        line for line in again.err.splitlines() if line.startswith("nasflow: tiny: ") and "about" in line
    ]


def test_figures_have_few_digits() -> None:
    """An estimate is no measurement."""
    assert [in_bytes(each) for each in (2_500, 3_400_000, 20_000_000_000)] == [
        "2.4 KiB",
        "3.2 MiB",
        "19 GiB",
    ]
