"""Sampling episodes from the policy, all in lockstep, so that each step is one batch."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from nasflow.controllers.finder import Finder
from nasflow.controllers.policy.reader import Listener
from nasflow.controllers.protocol import Draw, Request
from nasflow.search.spaces import Walk

POLICY_TRIES = 20
"""Episodes drawn from the policy for one child; if none is new, the child is found without it."""

SPARE = 5
"""A batch holds so many more episodes than one and a half for each child: known ones are drawn with them."""


class Sampler:
    """Draws children by the policy."""

    def __init__(self, listener: Listener, request: Request, random: np.random.Generator) -> None:
        self._listener = listener
        self._request = request
        self._random = random

    def draws(self, finder: Finder) -> list[Draw | None]:
        """One new draw for each child that is wanted; None where POLICY_TRIES bring none."""
        walks = self.walks()
        return [self._draw(finder, walks) for _ in range(self._request.count)]

    def _draw(self, finder: Finder, walks: Iterator[Walk]) -> Draw | None:
        admitted = (
            finder.admit(walk, tries) for tries, walk in enumerate(islice(walks, POLICY_TRIES), start=1)
        )
        return next(filter(None, admitted), None)

    def walks(self) -> Iterator[Walk]:
        """Finished walks without end, in batches that need no second one if few are known already."""
        while True:
            batch = [
                Walk(self._request.space, self._request.start)
                for _ in range(SPARE + self._request.count * 3 // 2)
            ]
            while unfinished := [walk for walk in batch if walk.question]:
                self._answer(unfinished)
            yield from batch

    def _answer(self, walks: Sequence[Walk]) -> None:
        """One answer in each walk, drawn with one uniform number, in their order."""
        drawn = self._random.random(len(walks)).tolist()
        for walk, sums, uniform in zip(walks, self._listener.chances(walks), drawn, strict=True):
            walk.answer(fall(sums, uniform))


def fall(sums: Sequence[float], uniform: float) -> int:
    """The option in which a uniform number (0 to 1) falls, by the running sums of the options' chances.

    An option without a chance is never met: the sums do not rise at it.
    """
    return bisect_right(sums, uniform * sums[-1])
