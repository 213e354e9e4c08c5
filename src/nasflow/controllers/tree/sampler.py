"""Sampling episodes from the policy, all in lockstep, so that each step is one batch."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from nasflow.controllers.tree.encoder import Encoding
from nasflow.controllers.tree.heads import log_probabilities
from nasflow.controllers.tree.parameters import Parameters
from nasflow.controllers.tree.questions import Asked, ask, by_head
from nasflow.controllers.tree.table import Table
from nasflow.search.spaces import Space, Walk
from nasflow.spec.network import NetworkSpec

POLICY_TRIES = 20
"""Episodes drawn from the policy for one child; if none is new, the child is found without it."""


class Sampler:
    """Draws episodes; what one draw has encoded serves the next."""

    def __init__(
        self, parameters: Parameters, space: Space, start: NetworkSpec, random: np.random.Generator
    ) -> None:
        self._parameters = parameters
        self._start = start
        self._space = space
        self._random = random
        self._table = Table()
        self._encoding = Encoding(parameters)

    @torch.inference_mode()
    def sample(self, count: int) -> list[Walk]:
        """`count` finished walks."""
        walks = [Walk(self._space, self._start) for _ in range(count)]
        while asked := [ask(n, walk, self._table) for n, walk in enumerate(walks) if walk.question]:
            for each, choice in zip(asked, self._choose(asked), strict=True):
                walks[each.walk].answer(choice)
        return walks

    def _choose(self, asked: Sequence[Asked]) -> list[int]:
        """An answer to each question, drawn with one uniform number a question, in their order."""
        self._encoding.extend(self._table)
        uniform = torch.from_numpy(self._random.random(len(asked)))
        choices = torch.empty(len(asked), dtype=torch.int64)
        for part in by_head(asked):
            known = self._encoding.known(part.places)
            logs = log_probabilities(self._parameters, part.head, known, part.legal)
            choices[part.numbers] = invert(logs.exp(), uniform[part.numbers])
        return choices.tolist()


def invert(chances: Tensor, uniform: Tensor) -> Tensor:
    """For each row of `chances` [rows, options] the option in which its uniform number (0 to 1) falls.

    An option without a chance is never met: the sums do not rise at it.
    """
    sums = chances.cumsum(dim=1)
    return (sums <= (uniform * sums[:, -1]).unsqueeze(1)).sum(dim=1)
