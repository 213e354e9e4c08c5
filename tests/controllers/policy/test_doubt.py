import pytest

from nasflow.controllers import Lesson
from nasflow.controllers.policy.doubt import MOST, RISE, steered
from nasflow.controllers.policy.sampler import POLICY_TRIES


def lessons(*tries: int) -> list[Lesson]:
    """Lessons that took so many draws."""
    return [Lesson((), each, 0.5) for each in tries]


def test_rises_while_draws_are_many() -> None:
    """Each round of too many draws raises it, up to a bound; then it falls back to the configured weight."""
    assert steered(1.0, lessons(2, 5), patience=3.0) == RISE
    assert steered(1.0, lessons(1, 5), patience=3.0) == 1.0
    doubt = 1.0
    for _ in range(50):
        doubt = steered(doubt, lessons(9), patience=3.0)
    assert doubt == MOST
    for _ in range(50):
        doubt = steered(doubt, lessons(1), patience=3.0)
    assert doubt == 1.0


def test_draws_without_the_policy_do_not_count() -> None:
    """However long one child was looked for elsewhere: it tells no more than that the policy had none."""
    others = [1] * 9
    assert steered(1.0, lessons(*others, POLICY_TRIES + 1), patience=3.0) == 1.0
    assert steered(1.0, lessons(*others, 10_000), patience=3.0) == 1.0


@pytest.mark.parametrize("patience", [1.0, 3.0])
def test_patience_is_a_bound(patience: float) -> None:
    """As many draws as it says are not too many."""
    assert steered(1.0, lessons(int(patience)), patience) == 1.0
