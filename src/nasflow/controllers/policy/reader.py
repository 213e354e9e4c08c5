"""How a policy reads questions: the one part of it that knows what a space is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from nasflow.base.plugins import load
from nasflow.controllers.policy.parameters import Parameters, Shapes
from nasflow.controllers.protocol import Results
from nasflow.search.controller import Policy
from nasflow.search.spaces import Space, Walk


@dataclass(frozen=True)
class Likelihood:
    """How likely the policy finds each decision of a script, with gradients."""

    log_probabilities: Tensor
    """[decisions]."""
    entropies: Tensor
    """[decisions], of what each was drawn from, in nats."""


class Script(Protocol):
    """All decisions of some lessons, as the tensors that the policy reads."""

    @property
    def owners(self) -> Tensor:
        """[decisions], int64, the number of the lesson that each belongs to."""
        ...

    def likelihood(self, parameters: Parameters) -> Likelihood:
        """Of each decision, as when it was sampled."""
        ...


class Listener(Protocol):
    """Is asked again and again while walks go on."""

    def chances(self, walks: Sequence[Walk]) -> Sequence[Sequence[float]]:
        """Of each walk's open question, the running sums of its options' chances.

        Walks that are asked about together have begun together: each is here at each of its questions.
        """
        ...


class Reader(Protocol):
    """Made with a policy's settings and the space whose questions it is to read."""

    def shapes(self) -> Shapes:
        """Every parameter with its shape."""
        ...

    def script(self, results: Results) -> Script:
        """What was decided in some lessons; raise InvalidSpec if some are not an episode of the space."""
        ...

    def listener(self, parameters: Parameters) -> Listener:
        """For one request."""
        ...


def make_reader(spec: Policy, space: Space) -> Reader:
    """The reader of a policy."""
    made: Reader = load(spec.READER)(spec, space)
    return made
