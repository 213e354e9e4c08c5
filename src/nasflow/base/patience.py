"""Trying again what failed for a reason that can pass by itself: the one loop that does so."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

_Found = TypeVar("_Found")

_SHORTEST, _LONGEST = 0.05, 10.0
"""Seconds between two tries, at first and at last."""
_SILENT = 1.0
"""Seconds that a wait must come to before somebody is told: a lost connection is nobody's business."""


class Clock:
    """Time as it passes; a test can have another."""

    def now(self) -> float:
        """Seconds, of which only differences mean anything."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)


REAL_TIME = Clock()


def patiently(
    act: Callable[[], _Found],
    passes: Callable[[Exception], bool],
    seconds: float,
    tell: Callable[[Exception], None],
    clock: Clock = REAL_TIME,
) -> _Found:
    """What `act` returns; while it raises what `passes`, it is tried again.

    The last try is `seconds` after the first failure, and what that raises is raised. `tell` hears of a
    failure once, when a wait of more than a second begins.
    """
    deadline, pause, told = None, _SHORTEST, False
    while True:
        try:
            return act()
        except Exception as error:
            if not passes(error):
                raise
            # From the first failure, not from the start: an upload may take longer than anybody's patience.
            deadline = clock.now() + seconds if deadline is None else deadline
            left = deadline - clock.now()
            if left <= 0:
                raise
            if not told and min(pause, left) >= _SILENT:
                told = True
                tell(error)
        # A share of the pause is drawn, so that a hundred pods do not come back at the same moment.
        clock.wait(min(pause * random.uniform(0.5, 1), left))
        pause = min(2 * pause, _LONGEST)
