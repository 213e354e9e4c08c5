"""Each decision uniformly: the control that later papers ask of every search (arXiv 1902.07638)."""

import numpy as np

from nasflow.base.errors import InvalidSpec
from nasflow.controllers.finder import Finder
from nasflow.controllers.protocol import Draw, Request, Results
from nasflow.controllers.summary import summarise
from nasflow.search.controller import RandomController
from nasflow.search.spaces import replay


class UniformController:
    """Learns nothing; its state is always None."""

    def __init__(self, spec: RandomController, seed: int) -> None:
        """See make_controller; there is nothing to set, and nothing to begin with."""

    def propose(self, state: bytes | None, request: Request) -> list[Draw]:
        """See Controller."""
        _refuse(state)
        finder = Finder(request, np.random.default_rng(request.seed))
        found = (finder.find() for _ in range(request.count))
        return [draw for draw in found if draw]

    def learn(self, state: bytes | None, results: Results) -> tuple[bytes | None, dict[str, float]]:
        """See Controller; only checks the decisions."""
        _refuse(state)
        for lesson in results.lessons:
            replay(results.space, results.start, lesson.decisions)
        return None, summarise(results.lessons)


def _refuse(state: bytes | None) -> None:
    if state is not None:
        raise InvalidSpec(
            f"the random controller has no state, and these {len(state)} bytes are not one of its"
        )
