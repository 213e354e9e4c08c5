"""Each decision uniformly: the control that later papers ask of every search (arXiv 1902.07638)."""

import numpy as np

from nasflow.base.errors import InvalidSpec
from nasflow.controllers.finder import Finder
from nasflow.controllers.protocol import Batch, Request
from nasflow.controllers.summary import summarise
from nasflow.search.record import Arm, Episode
from nasflow.search.spaces.path.walk import replay


class UniformController:
    """Learns nothing; its state is always None."""

    def propose(self, state: bytes | None, request: Request) -> list[Episode]:
        """See Controller."""
        _check(state)
        finder = Finder(request, np.random.default_rng(request.seed))
        found = (finder.find(Arm.RANDOM) for _ in range(request.count))
        return [episode for episode in found if episode]

    def update(self, state: bytes | None, batch: Batch) -> tuple[bytes | None, dict[str, float]]:
        """See Controller; only checks the batch."""
        _check(state)
        for episode in batch.episodes:
            replay(batch.start, batch.space, episode.decisions)
        return None, summarise(batch.episodes, batch.rewards)


def _check(state: bytes | None) -> None:
    if state is not None:
        raise InvalidSpec(
            f"the random controller has no state, and these {len(state)} bytes are not one of its"
        )
