import random
from collections.abc import Callable
from statistics import fmean, stdev

import pytest
from scipy.stats import t

from nasflow.report.controls import (
    Margin,
    control_rows,
    controls_sentence,
    interval_text,
    least_difference,
    margin_text,
    margins,
)
from nasflow.search.controls import Control, Finalist, OnTest
from nasflow.search.ledger import Ledger
from nasflow.search.rounds import FinishRecord

MakeLedger = Callable[..., Ledger]


def look(images: int, *pairs: tuple[int, int, int, int]) -> FinishRecord:
    """The found network and the start network, a pair a seed: right, right, only found, only control."""
    tested = []
    for seed, (found, start, only_found, only_control) in enumerate(pairs):
        tested.append(OnTest(finalist=Finalist(seed=seed, child="f"), right=found))
        tested.append(
            OnTest(
                finalist=Finalist(control=Control.START, seed=seed, child="s"),
                right=start,
                only_found=only_found,
                only_control=only_control,
            )
        )
    return FinishRecord(child="c", held_out_accuracy=0.5, test_images=images, tested=tuple(tested))


def only(finish: FinishRecord) -> Margin:
    """The margin over the one control."""
    (margin,) = margins(finish)
    return margin


def test_a_few_images() -> None:
    """Three of 359 images are a difference that chance makes."""
    margin = only(look(359, (350, 347, 5, 2)))
    assert margin.images == pytest.approx(3)
    assert margin.difference == pytest.approx(3 / 359)
    assert margin.interval is not None
    assert margin.interval[0] < 0 < margin.interval[1]
    assert not margin.is_shown
    assert margin_text(margin, 359) == "+0.84 points (+3 of 359 images)"
    text = interval_text(margin).replace("\xa0", " ")
    assert text.startswith("95 % −")
    assert text.endswith(": not shown")


def test_what_images_can_show_is_foretold() -> None:
    """By the interval that is made afterwards: half of it, where the networks disagree on as many images."""
    margin = only(look(1000, (900, 900, 50, 50)))
    assert margin.interval is not None
    assert least_difference(1000, 0.1) == pytest.approx(margin.interval[1])
    assert least_difference(10_000, 0.1) < least_difference(1000, 0.1) < least_difference(1000, 0.2)


def test_many_images() -> None:
    """A difference that the images show is one."""
    assert only(look(10_000, (9_400, 9_200, 300, 100))).is_shown
    assert only(look(10_000, (9_200, 9_400, 100, 300))).is_shown


def test_the_interval_holds_what_it_says() -> None:
    """Of networks that are equally good, 95 of 100 intervals hold 0, with few images too."""
    draw, held = random.Random(0), 0
    for _ in range(2000):
        apart = [draw.random() for _ in range(359)]
        only_found, only_control = sum(each < 0.02 for each in apart), sum(each > 0.98 for each in apart)
        found = 300 + only_found
        held += not only(look(359, (found, 300 + only_control, only_found, only_control))).is_shown
    assert 0.94 <= held / 2000 <= 0.98


def test_several_seeds() -> None:
    """The seeds' scatter is added to that of the images."""
    pairs = [(900, 890, 30, 20), (905, 880, 40, 15), (898, 893, 25, 20)]
    margin = only(look(1000, *pairs))
    differences = [0.010, 0.025, 0.005]
    assert margin.seeds == 3
    assert margin.difference == pytest.approx(fmean(differences))
    by_seeds = t.ppf(0.975, 2) * stdev(differences) / 3**0.5
    assert margin.interval is not None
    half = (margin.interval[1] - margin.interval[0]) / 2
    assert by_seeds < half < by_seeds + 0.02
    alone = only(look(1000, pairs[0])).interval
    assert alone is not None
    assert alone[1] - alone[0] < 2 * half


def test_a_seed_without_its_pair() -> None:
    """A control is compared with the found network of its seed, or not at all."""
    finish = look(100, (50, 40, 15, 5), (60, 40, 25, 5))
    first, start, *_, last = finish.tested
    lone = finish.model_copy(update={"tested": (first, start, last)})
    assert only(lone).seeds == 1
    assert margins(finish.model_copy(update={"tested": (first,)})) == ()


@pytest.mark.parametrize(
    ("pairs", "text"),
    [
        ([(500, 500, 5, 5)], "0 of"),
        ([(501, 500, 5, 4), (500, 500, 5, 5)], "+0.5 of"),
        ([(3000, 4234, 5, 1239)], "−1234 of"),
    ],
)
def test_images_as_people_count_them(pairs: list[tuple[int, int, int, int]], text: str) -> None:
    """Whole, or halves of several trainings; never as a power of ten."""
    assert text in margin_text(only(look(10_000, *pairs)), 10_000)


def test_the_found_network_itself() -> None:
    """A control that is the found network has nothing to be told from it, and no interval."""
    found, start = look(100, (50, 50, 0, 0)).tested
    same = start.model_copy(update={"finalist": start.finalist.model_copy(update={"child": "f"})})
    margin = only(look(100, (50, 50, 0, 0)).model_copy(update={"tested": (found, same)}))
    assert margin.is_same
    assert margin.interval is None


def test_what_an_older_nasflow_tested() -> None:
    """Shares alone have a difference and no interval."""
    finish = look(100, (50, 40, 0, 0))
    found, start = finish.tested
    bare = OnTest(finalist=start.finalist, right=40)
    margin = only(finish.model_copy(update={"tested": (found, bare)}))
    assert margin.interval is None
    assert not margin.is_shown
    assert margin_text(margin, 100) == "+10.00 points (+10 of 100 images)"
    assert interval_text(margin) == ""


def test_rows(make_ledger: MakeLedger) -> None:
    """The found network first, then its controls with what they are there for."""
    rows = control_rows(make_ledger(finished=True))
    assert [row.title for row in rows] == [
        "found cell",
        "start cell",
        "start cell trained longer",
        "start cell with as many parameters",
        "start cell with as many mult-adds",
        "best of the random arm",
    ]
    assert rows[0].margin is None
    assert all(row.margin for row in rows[1:])
    longer = rows[2]
    assert rows[0].epochs
    assert longer.epochs
    assert longer.epochs > rows[0].epochs


def test_a_control_that_cannot_be(make_ledger: MakeLedger) -> None:
    """It stands in the table with its reason."""
    ledger = make_ledger(finished=True)
    assert ledger.stop
    stop = ledger.stop.model_copy(update={"missing": {Control.RANDOM: "no child of the random arm may win"}})
    *_, last = control_rows(ledger.model_copy(update={"stop": stop}))
    assert (last.title, last.note) == ("best of the random arm", "no child of the random arm may win")
    assert last.record is None


def test_the_sentence(make_ledger: MakeLedger) -> None:
    """What is shown and what is not, and nothing before the test."""
    assert controls_sentence(make_ledger()) == ""
    text = controls_sentence(make_ledger(finished=True))
    assert text.startswith(
        "At full size the found cell is worse than the best of the random arm by 1.14 points; "
        "better than the start cell and the start cell trained"
    )
    assert "not to be told from the start cell with as many parameters" in text
    assert "one training each" in text
