"""How much a first search trains: from one that only shows how searches work to the paper's."""

import math
from dataclasses import dataclass, replace
from typing import Self

STEPS_OF_START, STEPS_OF_CHILD, STEPS_OF_FINISH = 100, 30, 200
"""No network is trained for fewer, however few images an epoch has: from scratch fewer leave it hardly better
than a guess, and then a search compares guesses. A child goes on from its parent's weights."""

_FEWEST_CHILDREN = 16
"""With fewer a search only shows how one works."""


@dataclass(frozen=True)
class Effort:
    """How much is trained."""

    start: int
    """Epochs of the start network."""
    child: int
    """Epochs of each child."""
    children: int
    finish: int
    """Epochs of each network at full size."""
    shortlist: int

    @property
    def per_round(self) -> int:
        """Children of a round."""
        return min(8, max(4, self.children // 4))

    @property
    def is_trial(self) -> bool:
        """Whether so little is searched that it can only show how a search works."""
        return self.children < _FEWEST_CHILDREN

    def raised(self, steps: int) -> Self:
        """With as many epochs as it takes that no network is hardly trained, `steps` steps an epoch."""
        return replace(
            self,
            start=max(self.start, math.ceil(STEPS_OF_START / steps)),
            child=max(self.child, math.ceil(STEPS_OF_CHILD / steps)),
            finish=max(self.finish, math.ceil(STEPS_OF_FINISH / steps)),
        )


EFFORTS = (
    Effort(2, 1, 4, 2, 1),
    Effort(4, 1, 8, 4, 2),
    Effort(6, 2, 16, 8, 3),
    Effort(6, 3, 24, 12, 3),
    Effort(10, 4, 32, 20, 3),
    Effort(20, 5, 64, 40, 4),
    Effort(40, 8, 128, 80, 4),
    Effort(100, 12, 256, 160, 5),
    Effort(300, 20, 512, 300, 5),
)
"""The last one trains as long as the paper's search."""
