"""Whether there is something to begin with, and something left to find: of made-up ledgers."""

from collections.abc import Callable

import pytest
from tests.report.synthetic import measures

from nasflow.report.headline import headline
from nasflow.report.headroom import guess_sentence, headroom_sentence
from nasflow.report.page import render
from nasflow.search.ledger import Ledger
from nasflow.search.record import TrainedRecord

MakeLedger = Callable[..., Ledger]


def with_start(ledger: Ledger, accuracy: float, guess: float | None) -> Ledger:
    """The same search, whose start network tells that share of the 5,000 held-out images right."""
    assert isinstance(ledger.start, TrainedRecord)
    found = {"measures": measures(accuracy, 1000, 1000), "guess": guess}
    return ledger.model_copy(update={"start": ledger.start.model_copy(update=found)})


@pytest.mark.parametrize(
    ("accuracy", "guess", "said"),
    [
        (0.102, 0.1, "has learned nothing yet"),
        (0.88, 0.9, "has learned nothing yet"),
        # By more than two standard errors of a guess on 5,000 images: 0.85 points.
        (0.11, 0.1, ""),
        (0.9, 0.1, ""),
        (0.102, None, ""),
        (0.9994, 0.1, ""),
        (0.9996, 0.1, "all but 2 of 5000 held-out images right: hardly anything is left to find"),
        (1.0, 0.1, "all but 0 of 5000"),
    ],
)
def test_a_start_that_knows_nothing_or_all_is_told(
    accuracy: float, guess: float | None, said: str, make_ledger: MakeLedger
) -> None:
    """A guess is what naming the commonest class gets right, not one over the classes."""
    told = headroom_sentence(with_start(make_ledger(), accuracy, guess))
    assert said in told
    assert bool(said) == bool(told)


def test_the_page_says_it(make_ledger: MakeLedger) -> None:
    """Among its first sentences."""
    page = render(with_start(make_ledger(), 0.102, 0.1))
    assert page.index("has learned nothing yet") < page.index('class="tiles"')
    assert headroom_sentence(make_ledger(rounds=0)) == ""


@pytest.mark.parametrize(("accuracy", "is_guess"), [(0.1, True), (0.2, False)])
def test_a_found_network_that_is_a_guess_is_told_first(
    accuracy: float, is_guess: bool, make_ledger: MakeLedger
) -> None:
    """Before all that is said of differences between guesses."""
    ledger = make_ledger(finished=True)
    assert isinstance(ledger.final, TrainedRecord)
    found = ledger.final.model_copy(update={"measures": measures(accuracy, 1000, 1000), "guess": 0.1})
    finals = tuple(
        each.model_copy(update={"record": found}) if each.record == ledger.final else each
        for each in ledger.finals
    )
    ledger = ledger.model_copy(update={"finals": finals})
    assert bool(guess_sentence(ledger)) == is_guess
    assert headline(ledger).startswith("At full size the found network is no better than a guess") == is_guess
