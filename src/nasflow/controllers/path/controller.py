"""The paper's controller behind the Protocol: bytes to policy, a round, and back to bytes."""

import numpy as np

from nasflow.controllers.finder import Finder
from nasflow.controllers.path.learner import learn
from nasflow.controllers.path.sampler import Sampler
from nasflow.controllers.path.state import PolicyState, pack, unpack
from nasflow.controllers.protocol import Batch, Request
from nasflow.controllers.summary import summarise
from nasflow.spec.record import Arm, Episode
from nasflow.spec.search import PathController, Space

POLICY_TRIES = 20
"""Episodes drawn from the policy for one child; if none is new, the child is drawn uniformly."""


class TreePolicyController:
    """Proposes by a tree-LSTM policy and learns by REINFORCE.

    It cannot collapse for ever: a policy that repeats itself is asked POLICY_TRIES times for each
    child, then the child is found without it, and learning from such a child leads it back out.
    """

    def __init__(self, spec: PathController, seed: int) -> None:
        self._spec = spec
        self._seed = seed

    def propose(self, state: bytes | None, request: Request) -> list[Episode]:
        """See Controller. Children are drawn in lockstep; those that are not new are drawn again."""
        parameters = self._restore(state, request.space).parameters
        random = np.random.default_rng(request.seed)
        sampler = Sampler(parameters, request.start, request.space, random)
        finder = Finder(request, random)
        found: dict[int, Episode] = {}
        for tries in range(1, POLICY_TRIES + 1):
            open_places = [place for place in range(request.count) if place not in found]
            if not open_places:
                break
            for place, walk in zip(open_places, sampler.sample(len(open_places)), strict=True):
                episode = finder.admit(walk, Arm.CONTROLLER, tries)
                if episode:
                    found[place] = episode
        for place in range(request.count):
            episode = found.get(place) or finder.find(Arm.CONTROLLER, POLICY_TRIES)
            if episode:
                found[place] = episode
        return [found[place] for place in sorted(found)]

    def update(self, state: bytes | None, batch: Batch) -> tuple[bytes | None, dict[str, float]]:
        """See Controller. Learns from the controller's own episodes only: REINFORCE is on-policy.

        Besides the figures of `summarise`: `loss`, `entropy` (nats a decision), `baseline`,
        `deviation` (of rewards) and `gradient_norm` (before clipping).
        """
        own = [number for number, each in enumerate(batch.episodes) if each.arm is Arm.CONTROLLER]
        if not own:
            return state, {}
        episodes = [batch.episodes[number] for number in own]
        rewards = [batch.rewards[number] for number in own]
        before = self._restore(state, batch.space)
        after, figures = learn(before, self._spec, batch, episodes, rewards)
        return pack(after, self._spec, batch.space), figures | summarise(episodes, rewards)

    def _restore(self, state: bytes | None, space: Space) -> PolicyState:
        if state is None:
            return PolicyState.initial(self._spec, space, self._seed)
        return unpack(state, self._spec, space)
