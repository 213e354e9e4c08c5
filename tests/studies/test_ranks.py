import numpy as np
import pytest
from scipy.stats import kendalltau

from nasflow.studies.ranks import Array, agreement


def copies(count: int, seed: int = 0) -> tuple[Array, Array, Array]:
    """An order, and two noisy copies of it."""
    random = np.random.default_rng(seed)
    given = random.standard_normal(count)
    return given, given + 0.5 * random.standard_normal(count), given + 0.5 * random.standard_normal(count)


def test_tau() -> None:
    """What scipy says, ties included; and the mean over several pairs."""
    random = np.random.default_rng(0)
    first, second, third = random.integers(0, 8, (3, 30)).astype(float)
    expected = [kendalltau(first, each).statistic for each in (second, third)]
    assert agreement([(first, second)])[0] == pytest.approx(expected[0])
    assert agreement([(first, second), (first, third)])[0] == pytest.approx(np.mean(expected))
    same, interval = agreement([(first, first)])
    assert (same, *interval) == pytest.approx((1, 1, 1))


def test_given_what_explains_it() -> None:
    """Two noisy copies of one order agree, and much less once that is given; another one changes nothing."""
    given, first, second = copies(400)
    plain, _ = agreement([(first, second)])
    both, one, other = (
        kendalltau(*pair).statistic for pair in ((first, second), (first, given), (second, given))
    )
    expected = (both - one * other) / np.sqrt((1 - one**2) * (1 - other**2))
    assert plain > 0.5
    assert agreement([(first, second)], given)[0] == pytest.approx(expected)
    assert expected < plain / 2
    unrelated = np.random.default_rng(1).standard_normal(400)
    assert agreement([(first, second)], unrelated)[0] == pytest.approx(plain, abs=0.02)


def test_the_interval_holds_the_value() -> None:
    """Of 95 in 100 samples the interval holds the tau of all that they were drawn from, give or take."""
    _, first, second = copies(3000)
    truth, random = kendalltau(first, second).statistic, np.random.default_rng(1)
    intervals = [agreement([(first[few], second[few])])[1] for few in random.integers(3000, size=(60, 40))]
    assert sum(low <= truth <= high for low, high in intervals) >= 50
