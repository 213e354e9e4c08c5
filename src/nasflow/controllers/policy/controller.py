"""A policy behind the Protocol: bytes to policy, a round, and back to bytes."""

import numpy as np

from nasflow.controllers.finder import Finder
from nasflow.controllers.policy.learner import reinforce
from nasflow.controllers.policy.reader import make_reader
from nasflow.controllers.policy.sampler import POLICY_TRIES, Sampler
from nasflow.controllers.policy.state import PolicyState, pack_state, unpack_state
from nasflow.controllers.policy.threads import one_thread
from nasflow.controllers.protocol import Draw, Request, Results
from nasflow.controllers.summary import summarise
from nasflow.search.controller import Policy
from nasflow.search.spaces import Space


class PolicyController:
    """Proposes by a policy and learns by REINFORCE.

    It cannot collapse for ever: a policy that repeats itself is asked POLICY_TRIES times for each
    child, then the child is found without it, and learning from such a child leads it back out.
    """

    def __init__(self, spec: Policy, seed: int) -> None:
        self._spec = spec
        self._seed = seed

    @one_thread()
    def propose(self, state: bytes | None, request: Request) -> list[Draw]:
        """See Controller. Children are drawn in lockstep; one that is not new is drawn again."""
        parameters = self._restore(state, request.space).parameters
        random = np.random.default_rng(request.seed)
        finder = Finder(request, random)
        listener = make_reader(self._spec, request.space).listener(parameters)
        sampled = Sampler(listener, request, random).draws(finder)
        found = [draw or finder.find(POLICY_TRIES) for draw in sampled]
        return [draw for draw in found if draw]

    @one_thread()
    def learn(self, state: bytes | None, results: Results) -> tuple[bytes | None, dict[str, float]]:
        """See Controller. REINFORCE is on-policy: only the controller's own children may teach it.

        Besides the figures of `summarise`: `loss`, `entropy` (nats a decision), `baseline`,
        `deviation` (of rewards) and `gradient_norm` (before clipping).
        """
        if not results.lessons:
            return state, {}
        after, figures = reinforce(self._restore(state, results.space), self._spec, results)
        return pack_state(after, self._spec, results.space), figures | summarise(results.lessons)

    def _restore(self, state: bytes | None, space: Space) -> PolicyState:
        if state is None:
            return PolicyState.initial(self._spec, space, self._seed)
        return unpack_state(state, self._spec, space)
