"""The one loop that tries again."""

import pytest
from tests.base.simulated import Simulated

from nasflow.base.patience import patiently


class Failing:
    """Fails that often, and counts how often people were told."""

    def __init__(self, times: int) -> None:
        self.left, self.told = times, 0

    def act(self) -> str:
        """Fail, or work."""
        self.left -= 1
        if self.left >= 0:
            raise ConnectionError("away")
        return "worked"

    def tell(self, error: Exception) -> None:
        """Count."""
        self.told += 1


def patient(failing: Failing, seconds: float) -> list[float]:
    """The waits until it worked."""
    clock = Simulated()
    assert patiently(failing.act, is_lost, seconds, failing.tell, clock) == "worked"
    return clock.waits


def is_lost(error: Exception) -> bool:
    """What passes."""
    return isinstance(error, ConnectionError)


def test_what_works_is_not_waited_for() -> None:
    """No failure, no wait."""
    assert patient(Failing(0), 300) == []


def test_a_short_failure_is_nobody_s_business() -> None:
    """A few tries within a second or two are made in silence."""
    failing = Failing(3)
    assert sum(patient(failing, 300)) < 1
    assert failing.told == 0


def test_waits_get_longer_and_are_told_of_once() -> None:
    """From a twentieth of a second to ten seconds at most; one line says so."""
    failing = Failing(20)
    waits = patient(failing, 300)
    assert waits[0] <= 0.05
    assert 5 <= waits[-1] <= 10
    assert failing.told == 1


@pytest.mark.parametrize("seconds", [0, 0.3, 15, 900])
def test_patience_ends(seconds: float) -> None:
    """The last try is made when the time is over, not before and not after; its error is the result."""
    clock, failing = Simulated(), Failing(10_000)
    with pytest.raises(ConnectionError):
        patiently(failing.act, is_lost, seconds, failing.tell, clock)
    assert clock.now() == pytest.approx(seconds)


def test_another_failure_is_not_waited_for() -> None:
    """What does not pass is raised at once."""
    clock, failing = Simulated(), Failing(5)
    with pytest.raises(ConnectionError):
        patiently(failing.act, lambda error: False, 300, failing.tell, clock)
    assert clock.waits == []
