"""Objective, measures and limits, where they meet the store."""

from pathlib import Path
from typing import Any

import pytest
from tests.steps.samples import (
    HOST,
    TINY,
    config,
    ledger_of,
    open_archive,
    run_search,
    trained,
)

from nasflow.base.errors import InvalidSpec, SearchFailed
from nasflow.measure import counted
from nasflow.measure import latency as measure_latency
from nasflow.search.finalists import full_size
from nasflow.search.ledger import Ledger
from nasflow.search.rounds import Episode
from nasflow.steps.begin import begin
from nasflow.steps.child import run_child
from nasflow.steps.propose import propose
from nasflow.steps.summary import summary
from nasflow.steps.turn import children_to_train

LARGE = {"host": HOST | {"growth": 8}, "recipe": {"epochs": 1, "learning_rate": 0.1}}
"""A finish whose networks have about four times the parameters."""

MANY = {"children_per_round": 5, "budget": {"children": 5}}


def first_round(folder: Path, **changes: Any) -> tuple[Ledger, tuple[Episode, ...]]:
    """A search whose first round is proposed; nothing but the start network is trained."""
    archive = open_archive(folder)
    begin(archive, config(**MANY | changes))
    run_child(archive, ledger_of(folder).start_spec.id)
    episodes = propose(archive, "tiny", 1).episodes
    return ledger_of(folder), episodes


def sizes(ledger: Ledger, episode: Episode) -> tuple[float, float]:
    """Parameters of a child, and of its network at full size."""
    networks = ledger.start_spec.network.with_parts(episode.parts), full_size(ledger, episode.parts).network
    searched, last = (counted(each, ["parameters"])["parameters"].value for each in networks)
    return searched, last


@pytest.mark.parametrize(
    ("changes", "limit"), [({}, 3000), ({"finish": LARGE}, 12_000)], ids=["searched", "full size"]
)
def test_nothing_above_a_limit_is_proposed(changes: dict[str, Any], limit: int, tmp_path: Path) -> None:
    """What can be counted is counted before anything is trained, by both arms, at both sizes."""
    ledger, free = first_round(tmp_path / "free", **changes)
    assert max(max(sizes(ledger, each)) for each in free) > limit
    ledger, bound = first_round(tmp_path / "bound", limits={"parameters": limit}, **changes)
    assert len(bound) == len(free)
    assert {each.arm for each in bound} == {each.arm for each in free}
    assert max(max(sizes(ledger, each)) for each in bound) <= limit


@pytest.mark.parametrize("limit", [1_500, 5_000], ids=["searched", "full size"])
def test_a_start_above_a_limit(limit: int, tmp_path: Path) -> None:
    """Where children only grow there would be nothing to find: refused in one line, nothing is written."""
    over = rf"parameters \d+ is over the limit of {limit}.* smaller host"
    with pytest.raises(InvalidSpec, match=over) as caught:
        begin(open_archive(tmp_path / "store"), config(limits={"parameters": limit}, finish=LARGE))
    assert "\n" not in str(caught.value)
    assert ("at full size" in str(caught.value)) == (limit == 5_000)
    assert not (tmp_path / "store").exists()


def test_a_space_that_the_limits_exhaust(tmp_path: Path) -> None:
    """A search that has tried every network within its limits stops with the best of them, and says so."""
    space = {"operations": ["identity", "ds3"], "max_depth": 1}
    limits = {"limits": {"parameters": 2000}, "space": space, "budget": {"children": 50}}
    stop = run_search(tmp_path, config(**limits))
    assert (stop.reason, stop.rounds) == ("exhausted", 2)
    assert stop.detail == "no other network was found in the space that fits the hosts and keeps the limits"
    (record,) = ledger_of(tmp_path).children
    assert stop.best == record.child


def test_a_limit_that_only_training_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child above a limit of latency is trained, and has not failed; it teaches nothing and cannot win."""
    monkeypatch.setattr(measure_latency, "LEAST_SECONDS", 0.0)
    wanted = config(limits={"latency": 1e-9}, budget={"children": 2})
    with pytest.raises(SearchFailed, match=r"latency .* is over the limit of 1e-09"):
        run_search(tmp_path, wanted)
    ledger = ledger_of(tmp_path)
    children = [trained(each) for each in ledger.children]
    assert len(children) == 2
    assert all(each.measures["latency"].value > 1e-9 for each in children)
    assert ledger.chosen is None
    assert ledger.rounds[0].update
    assert "mean_reward" not in ledger.rounds[0].update.metrics


def test_a_measure_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is in each record, with its unit and device; figures that differ from run to run are no part of the
    ledger's digest."""
    monkeypatch.setattr(measure_latency, "LEAST_SECONDS", 0.0)
    digests, values = set(), set()
    for name in ("one", "two"):
        archive = open_archive(tmp_path / name)
        begin(archive, config(measures=["latency"], children_per_round=1))
        for _ in ("the start network", "the first round"):
            for child in children_to_train(archive, "tiny"):
                measured = trained(run_child(archive, child)).measures["latency"]
                assert (measured.unit, measured.device) == ("seconds", "cpu")
                values.add(measured.value)
        digests.add(summary(archive, "tiny")["ledger_digest"])
    assert len(values) > 2
    assert len(digests) == 1
    ledger = ledger_of(tmp_path / "one")
    assert full_size(ledger, ledger.config.start_parts).measures == ("latency",)


BY = {
    "seed": 4,
    "children_per_round": 3,
    "budget": {"children": 3},
    "child": {"epochs": 3, "learning_rate": 0.2},
    "controller": {"kind": "random"},
    "finish": TINY["finish"] | {"controls": ()},
}
"""The same children whatever they are judged by: on one store they are trained once."""


def test_another_objective_has_another_winner(tmp_path: Path) -> None:
    """The child that is chosen, tested and shown is the best by the objective that was asked for."""
    for name in ("held_out_accuracy", "held_out_loss"):
        run_search(tmp_path, config(name=name.replace("_", "-"), objective=name, **BY))
    accuracy, loss = (ledger_of(tmp_path, name) for name in ("held-out-accuracy", "held-out-loss"))
    assert accuracy.children == loss.children
    children = [trained(each) for each in loss.children]
    most = max(children, key=lambda each: (each.accuracy, -each.parameters)).child
    least = min(children, key=lambda each: each.measures["held_out_loss"].value).child
    assert most != least
    for ledger, winner in ((accuracy, most), (loss, least)):
        assert ledger.stop
        assert ledger.finish
        assert ledger.chosen
        assert winner == ledger.stop.best == ledger.finish.child == ledger.chosen.child
