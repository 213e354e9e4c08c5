import pytest
from tests.steps.samples import config

from nasflow.base.errors import InvalidSpec
from nasflow.spec.tree import START_CELL
from nasflow.studies.shortlisting import LENGTHS, gains, gains_table
from nasflow.studies.truth import Curve, TrueCell, TruthTable


def curve(train: float, loss: float, accuracy: float) -> Curve:
    """Of one epoch."""
    return Curve(
        train_loss=(train,), train_accuracy=(0.5,), held_out_loss=(loss,), held_out_accuracy=(accuracy,)
    )


def table(signal: list[float], worth: list[float], seeds: int = 2) -> TruthTable:
    """Of cells with these training losses when inherited, and these accuracies from scratch."""
    cells = tuple(
        TrueCell(
            cell=START_CELL,
            parameters=1,
            mult_adds=1,
            full_parameters=1,
            full_mult_adds=1,
            scratch=(curve(1.0, 1 - true, true),) * seeds,
            inherited=curve(told, 1.0, 0.5),
        )
        for told, true in zip(signal, worth, strict=True)
    )
    return TruthTable(asked=config(), seeds=seeds, versions={}, start=curve(1.0, 1.0, 0.5), cells=cells)


WORTH = [number / 100 for number in range(40)]


def test_a_signal_that_knows_all() -> None:
    """Then the first of the list is the best already, and a longer list changes nothing."""
    found = list(gains(table([-each for each in WORTH], WORTH), children=40, epochs=1))
    assert [each.length for each in found] == list(LENGTHS)
    for each in found:
        assert each.mean == pytest.approx(0.39 - 0.195)
        assert each.interval == pytest.approx((0.195, 0.195))


def test_a_signal_that_knows_nothing() -> None:
    """Then a list is worth what as many cells are that were drawn evenly: nothing, if there is one."""
    mixed = [float(number * 17 % 40) for number in range(40)]
    found = list(gains(table(mixed, WORTH), children=10, epochs=1))
    assert found[0].unled == pytest.approx(0, abs=0.003)
    for each in found:
        assert each.mean == pytest.approx(each.unled, abs=0.02)
    assert [each.unled for each in found] == sorted(each.unled for each in found)
    # The greatest of n of the numbers from 0 to 39 is (n * 41 / (n + 1) - 1) in the mean.
    assert found[-1].unled == pytest.approx((8 * 41 / 9 - 1 - 19.5) / 100, abs=0.005)


@pytest.mark.long
def test_the_same_twice() -> None:
    """It is drawn by a seed."""
    some = table(WORTH[::-1], WORTH)
    assert list(gains(some, 12, epochs=1)) == list(gains(some, 12, epochs=1))
    assert gains_table(gains(some, 12, epochs=1)).count("|") == 4 * (2 + len(LENGTHS))


@pytest.mark.parametrize(
    ("some", "reason"),
    [(table(WORTH, WORTH, seeds=1), "--seeds 2"), (table(WORTH[:9], WORTH[:9]), "9 cells are trained")],
)
def test_what_says_nothing(some: TruthTable, reason: str) -> None:
    """Is refused with the remedy."""
    with pytest.raises(InvalidSpec, match=reason):
        list(gains(some, 12, epochs=1))


def test_more_epochs_than_the_table_has() -> None:
    """Are not taken for fewer."""
    with pytest.raises(InvalidSpec, match="knows 1 epochs of what inherits: --epochs 1"):
        list(gains(table(WORTH, WORTH), 12, epochs=2))
