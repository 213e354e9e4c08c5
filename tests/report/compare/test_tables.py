"""What a comparison says."""

from functools import cache
from statistics import fmean
from typing import Any

import pytest
from tests.report.synthetic import synthetic_ledger

from nasflow.report.compare import Ledgers, compare_tables, tallies
from nasflow.search.controls import Control


@cache
def known() -> Ledgers:
    """Two searches of three arms; not made at once, because each worker collects the tests."""
    return {
        (seed, arm): synthetic_ledger(finished=True, seed=seed + 10 * number)
        for seed in (1, 2)
        for number, arm in enumerate(("path", "evolution", "random"))
    }


def row(title: str) -> list[str]:
    """The cells of the table row that begins so."""
    (found,) = (
        line for line in compare_tables(known(), "random").splitlines() if line.startswith(f"| {title} |")
    )
    return [cell.strip() for cell in found.strip("| ").split(" | ")]


def test_a_row_a_search() -> None:
    """With its seed and arm."""
    told = compare_tables(known(), "random")
    assert sum(line.startswith(("| 1 |", "| 2 |")) for line in told.splitlines()) == 6


def test_arms_are_paired_by_seed() -> None:
    """What each other arm has before the rival, seed by seed: the mean and its interval."""
    best = {key: ledger.chosen.accuracy for key, ledger in known().items() if ledger.chosen}
    gaps = [best[seed, "path"] - best[seed, "random"] for seed in (1, 2)]
    title, path, evolution = row("best")
    assert title == "best"
    assert path.startswith(f"{100 * fmean(gaps):+.2f} (")
    assert path.endswith(") points")
    assert evolution != path


def test_hours_of_what_goes_on() -> None:
    """A search that is not over costs more than it has cost by now: it is compared with none."""
    unfinished = {(seed, "path"): synthetic_ledger(finished=False, seed=seed) for seed in (1, 2)}
    ledgers = {**known(), **unfinished}
    (told,) = (
        line for line in compare_tables(ledgers, "random").splitlines() if line.startswith("| hours of")
    )
    _, path, evolution = (cell.strip() for cell in told.strip("| ").split(" | "))
    assert "hours" in evolution
    assert "hours" not in path


def test_found_against_its_controls() -> None:
    """A row a control, a column an arm."""
    assert row("start network")[1:] == ["+0.75 points"] * 3


def test_a_control_that_some_lack() -> None:
    """The mean of fewer searches than were made says of how many."""
    whole = known()[1, "path"]
    assert whole.finish
    without = whole.finish.model_copy(
        update={"tested": tuple(each for each in whole.finish.tested if each.finalist.control is None)}
    )
    ledgers = {**known(), (1, "path"): whole.model_copy(update={"finish": without})}
    (told,) = (line for line in compare_tables(ledgers, "random").splitlines() if "| start network |" in line)
    assert told.split(" | ")[1:] == ["+0.75 points, 1 of 2 seeds", "+0.75 points", "+0.75 points |"]


def test_another_objective() -> None:
    """Its measure in its unit."""
    losses = {
        (seed, arm): synthetic_ledger(finished=True, seed=seed, objective="training_loss_sum")
        for seed in (1, 2)
        for arm in ("path", "random")
    }
    told = compare_tables(losses, "path")
    assert "all: sum of training losses" in told
    assert "| best | +0 nats |" in told


def test_trainings_that_begin_otherwise() -> None:
    """How fast a child learned is compared among those that begin alike; tests are compared all the same."""
    asked: dict[str, Any] = {"finished": True, "objective": "training_loss_sum"}
    ledgers = {
        (1, "nas"): synthetic_ledger(seed=1, parents="none", **asked),
        (1, "random"): synthetic_ledger(seed=1, **asked),
    }
    told = compare_tables(ledgers, "random")
    assert "| best | – |" in told
    assert "| found, test | +0.00 points |" in told


def test_alone() -> None:
    """One arm has nobody to be paired with."""
    told = compare_tables({(1, "path"): known()[1, "path"]}, "path")
    assert "minus path" not in told
    assert "found minus" in told


def test_nothing_is_finished() -> None:
    """What is not known yet is left open."""
    ledgers = {(1, arm): synthetic_ledger() for arm in ("path", "random")}
    tally = tallies(ledgers)[1, "path"]
    assert (tally.test, tally.against, tally.parameters) == (None, {}, None)
    assert "–" in compare_tables(ledgers, "random")


def test_a_tally() -> None:
    """Its figures are those of the ledger."""
    ledger, tally = known()[1, "path"], tallies(known())[1, "path"]
    accuracies = [each.accuracy for each in ledger.children if hasattr(each, "accuracy")]
    assert tally.children == len(accuracies)
    assert tally.mean is not None
    assert tally.best == max(accuracies)
    assert min(accuracies) <= tally.mean <= max(accuracies)
    assert ledger.finish
    assert tally.test == ledger.finish.accuracy(None)
    assert tally.against[Control.START] == ledger.finish.accuracy(Control.START)
    assert ledger.final
    assert tally.parameters == ledger.final.parameters
    paid = [each for each in ledger.attempts if each.outcome != "lost"]
    assert {each.outcome for each in paid} > {"useful", "failed"}
    assert tally.hours == pytest.approx(sum(each.seconds for each in paid) / 3600)
