"""How much the entropy counts: the more, the longer the policy repeats itself.

A fixed weight is too small where rewards pull hard, and the policy ends by saying the same, or too large
where they do not, and it never decides. What tells them apart is what a collapse costs: draws for a new
child.
"""

from collections.abc import Sequence
from statistics import fmean

from nasflow.controllers.policy.sampler import POLICY_TRIES
from nasflow.controllers.protocol import Lesson

RISE = 1.5
"""Factor of the weight after a round whose children took too many draws."""
FALL = 1.2
"""Divisor after any other."""
MOST = 30.0
"""Times the configured weight: more would drown the rewards for many rounds after."""


def steered(doubt: float, lessons: Sequence[Lesson], patience: float) -> float:
    """By what the configured weight is multiplied, 1 to MOST, after a round's lessons (at least one)."""
    # How long the search for a child went on without the policy says nothing of the policy.
    draws = fmean(min(lesson.tries, POLICY_TRIES + 1) for lesson in lessons)
    return min(max(doubt * RISE if draws > patience else doubt / FALL, 1.0), MOST)
