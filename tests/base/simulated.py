"""Time that passes at once."""

from nasflow.base.patience import Clock


class Simulated(Clock):
    """Time that passes when it is waited for."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def now(self) -> float:
        """See `Clock`."""
        return sum(self.waits)

    def wait(self, seconds: float) -> None:
        """See `Clock`."""
        self.waits.append(seconds)
