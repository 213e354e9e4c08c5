"""What a reward is compared with: a moving average, and how far rewards usually lie from it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

SMALLEST_DEVIATION = 1e-9
"""Below this share of the average (or this, for an average near 0) rewards count as all equal."""


@dataclass(frozen=True)
class Baseline:
    """Moving mean and variance of the rewards. `rounds` 0: none seen yet."""

    rounds: int = 0
    """Updates that have moved it."""
    mean: float = 0.0
    variance: float = 0.0
    """Mean squared distance of a reward to the mean of its time."""

    @property
    def deviation(self) -> float:
        """Standard deviation of the rewards."""
        return math.sqrt(self.variance)

    def moved(self, rewards: Sequence[float], decay: float) -> "Baseline":
        """After one round's rewards (at least one); `decay` is the weight of the old values.

        Until 1 / (1 - decay) rounds are seen the old values weigh only what a plain average gives
        them: else the first round's mean would be the baseline for a whole search.
        """
        rounds = self.rounds + 1
        old = min(decay, 1 - 1 / rounds)
        mean = old * self.mean + (1 - old) * fmean(rewards)
        spread = fmean((reward - mean) ** 2 for reward in rewards)
        return Baseline(rounds, mean, old * self.variance + (1 - old) * spread)

    def advantages(self, rewards: Sequence[float | None]) -> list[float]:
        """Each reward's distance to the mean, in standard deviations; 0 while all rewards are equal.

        In these units the entropy weight means the same for every data set: rewards lie near 0.7
        in a rehearsal and near 60 on easy images. A failed child (None) is worth one deviation less
        than the mean, or as much as the worst child of its round if that is less: whatever failed it
        (too large, not trainable), the policy had better avoid it, and a bounded amount keeps a run
        of bad luck bearable. It moves neither mean nor deviation, so that failures never make others
        look good. Before the first reward there is nothing to compare with: 0.
        """
        deviation = self.deviation
        if deviation <= SMALLEST_DEVIATION * max(abs(self.mean), 1.0):
            return [-1.0 if reward is None and self.rounds else 0.0 for reward in rewards]
        scaled = [None if reward is None else (reward - self.mean) / deviation for reward in rewards]
        worst = min([-1.0, *(each for each in scaled if each is not None)])
        return [worst if each is None else each for each in scaled]
