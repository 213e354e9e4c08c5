"""The curves of a comparison."""

from statistics import fmean
from typing import Any
from xml.etree import ElementTree

import pytest
from tests.report.compare.test_tables import known
from tests.report.synthetic import synthetic_ledger

from nasflow.report.compare.rounds import alone, draw_rounds, gaps
from nasflow.report.interval import interval
from nasflow.search.ledger import Ledger
from nasflow.search.record import TrainedRecord


def mean_of_round(ledger: Ledger, number: int) -> float:
    """Of its children's held-out accuracies."""
    records = ledger.rounds[number].records
    return fmean(each.accuracy for each in records if isinstance(each, TrainedRecord))


def words(svg: str) -> set[str]:
    """The texts of a picture."""
    return {each.text.strip() for each in ElementTree.fromstring(svg).iter() if each.text}


def test_arms_are_paired_within_a_seed() -> None:
    """A point a round: the mean difference to the rival's round of the same seed, with its interval."""
    found = gaps(known(), "random")
    assert list(found) == ["path", "evolution"]
    differences = [
        mean_of_round(known()[seed, "path"], 1) - mean_of_round(known()[seed, "random"], 1) for seed in (1, 2)
    ]
    band = found["path"]
    assert band.x == [10, 20, 30]
    assert band.mean[1] == pytest.approx(fmean(differences))
    assert (band.low[1], band.high[1]) == pytest.approx(interval(differences))


def test_a_seed_that_is_better_in_all_arms_changes_nothing() -> None:
    """Seeds differ by far more than arms do: what is common to a seed is no spread."""
    twice = {(seed, arm): known()[1, arm] for seed in (1, 2) for arm in ("path", "random")}
    band = gaps(twice, "random")["path"]
    assert band.low == band.mean == band.high


def test_only_rounds_that_are_over_in_all() -> None:
    """Of searches that go on."""
    begun = {**known(), (2, "path"): synthetic_ledger(rounds=1, seed=2)}
    assert gaps(begun, "random")["path"].x == [10]


def test_trainings_that_begin_otherwise() -> None:
    """Are not held against each other by how they went."""
    asked: dict[str, Any] = {"finished": True, "objective": "training_loss_sum"}
    ledgers = {
        (1, "nas"): synthetic_ledger(seed=1, parents="none", **asked),
        (1, "random"): synthetic_ledger(seed=1, **asked),
    }
    assert gaps(ledgers, "random") == {}


def test_the_picture() -> None:
    """Says who is held against whom, in which unit; one arm is drawn as it is."""
    told = words(draw_rounds(known(), "random"))
    assert {"path", "evolution", "random", "held-out accuracy, points"} <= told
    assert "The mean of a round's children minus random's (95 % over seeds)" in told
    one = {key: ledger for key, ledger in known().items() if key[1] == "path"}
    assert "The mean of a round's children (95 % over seeds)" in words(draw_rounds(one, "path"))
    assert len(alone(one).x) == 3
