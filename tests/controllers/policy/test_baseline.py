import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasflow.controllers.policy.baseline import Baseline

rewards = st.lists(st.floats(-100, 100), min_size=1, max_size=6)


def test_first_round_counts_in_full() -> None:
    """The first round sets the mean; the following ones move it as a plain average, until decay says less."""
    baseline = Baseline().moved([1.0, 3.0], decay=0.95)
    assert (baseline.mean, baseline.variance) == (2.0, 1.0)
    assert baseline.moved([4.0], decay=0.95).mean == pytest.approx(3.0)
    assert baseline.moved([4.0], decay=0.2).mean == pytest.approx(0.2 * 2 + 0.8 * 4)


def test_decay_weights_the_old() -> None:
    """After many rounds the old value keeps the weight `decay`."""
    baseline = Baseline(rounds=1000, mean=1.0, variance=0.0).moved([2.0], decay=0.9)
    assert baseline.mean == pytest.approx(0.9 * 1 + 0.1 * 2)


@given(st.floats(-1e6, 1e6), st.integers(1, 50))
def test_equal_rewards_have_no_advantage(value: float, rounds: int) -> None:
    """If rewards never differ no child is better than another, however large they are."""
    baseline = Baseline()
    for _ in range(rounds):
        baseline = baseline.moved([value] * 3, decay=0.95)
    assert baseline.advantages([value] * 3) == [0.0] * 3


@given(rewards, st.floats(0.5, 1000))
def test_scale_free(values: list[float], scale: float) -> None:
    """Advantages do not depend on the units of the reward."""
    plain = Baseline().moved(values, decay=0.95).advantages(values)
    scaled = [scale * value for value in values]
    again = Baseline().moved(scaled, decay=0.95).advantages(scaled)
    if max(values) - min(values) > 1e-3:
        assert again == pytest.approx(plain, abs=1e-6)


@given(rewards)
def test_failures(values: list[float]) -> None:
    """A failed child is never better than a trained one of its round, and worse than the mean."""
    baseline = Baseline().moved(values, decay=0.95)
    *others, failed = baseline.advantages([*values, None])
    assert failed <= -1.0
    assert all(failed <= each for each in others)


def test_failures_before_any_success() -> None:
    """Where nothing has been trained yet there is nothing to compare a failure with."""
    assert Baseline().advantages([None, None]) == [0.0, 0.0]
