"""Where new cells come from when a policy has none: uniform draws, then a list of what is left."""

import numpy as np

from nasflow.controllers.protocol import Request
from nasflow.search.record import Arm, Episode
from nasflow.search.spaces.path.count import count
from nasflow.search.spaces.path.listing import Decisions, list_cells
from nasflow.search.spaces.path.walk import Walk

UNIFORM_TRIES = 300
"""Uniform draws for one child before the space is suspected to be exhausted."""
LISTABLE_CELLS = 10_000
"""Largest space that is listed (in about a second)."""
LAST_TRIES = 10_000
"""Uniform draws for one child in a space too large to list: if none is new and fits, none is found."""


class Finder:
    """Remembers what one request has found, and finds more without a policy."""

    def __init__(self, request: Request, random: np.random.Generator) -> None:
        self._request = request
        self._random = random
        self._known = set(request.taken)
        self._left: list[Decisions] | None = None
        self._is_exhausted = False

    def admit(self, walk: Walk, arm: Arm, tries: int) -> Episode | None:
        """The finished walk as an episode if its cell is new and fits, and from now on known; else None."""
        cell = walk.tree()
        canonical = cell.canonical()
        name = str(canonical)
        if name in self._known or not self._request.fits(canonical):
            return None
        self._known.add(name)
        return Episode(arm=arm, cell=cell, decisions=walk.decisions, tries=tries)

    def find(self, arm: Arm, tries: int = 0) -> Episode | None:
        """A new cell by uniform decisions, after `tries` draws elsewhere; None if the space is exhausted.

        Exhausted is a fact where the space can be listed. A larger one counts as exhausted when
        LAST_TRIES draws in a row bring nothing: almost nothing of it fits the host.
        """
        if self._is_exhausted:
            return None
        if self._left is None:
            episode = self._draw(arm, tries, UNIFORM_TRIES)
            if episode:
                return episode
            tries += UNIFORM_TRIES
        episode = self._take(arm, tries)
        self._is_exhausted = episode is None
        return episode

    def _draw(self, arm: Arm, before: int, draws: int) -> Episode | None:
        for number in range(1, draws + 1):
            episode = self.admit(self._uniform(), arm, before + number)
            if episode:
                return episode
        return None

    def _uniform(self) -> Walk:
        walk = Walk(self._request.start, self._request.space)
        while walk.question:
            legal = [number for number, allowed in enumerate(walk.question.legal) if allowed]
            walk.answer(legal[self._random.integers(len(legal))])
        return walk

    def _take(self, arm: Arm, before: int) -> Episode | None:
        """From the list of all cells, shuffled; from more draws if there are too many to list."""
        start, space = self._request.start, self._request.space
        if self._left is None:
            if count(start, space) > LISTABLE_CELLS:
                return self._draw(arm, before, LAST_TRIES)
            cells = list_cells(start, space)
            self._left = [cells[number] for number in self._random.permutation(len(cells))]
        while self._left:
            walk = Walk(start, space)
            for choice in self._left.pop():
                walk.answer(choice)
            episode = self.admit(walk, arm, before + 1)
            if episode:
                return episode
        return None
