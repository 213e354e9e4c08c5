"""The paper's controller behind the Protocol: bytes to policy, a round, and back to bytes."""

import numpy as np

from nasflow.controllers.finder import Finder
from nasflow.controllers.protocol import Batch, Request
from nasflow.controllers.summary import summarise
from nasflow.controllers.tree.learner import learn
from nasflow.controllers.tree.sampler import POLICY_TRIES, Sampler
from nasflow.controllers.tree.state import PolicyState, pack, unpack
from nasflow.controllers.tree.threads import one_thread
from nasflow.search.config import Policy, Space
from nasflow.search.record import Arm, Episode


class TreePolicyController:
    """Proposes by a tree-LSTM policy and learns by REINFORCE.

    It cannot collapse for ever: a policy that repeats itself is asked POLICY_TRIES times for each
    child, then the child is found without it, and learning from such a child leads it back out.
    """

    def __init__(self, spec: Policy, seed: int) -> None:
        self._spec = spec
        self._seed = seed

    @one_thread()
    def propose(self, state: bytes | None, request: Request) -> list[Episode]:
        """See Controller. Children are drawn in lockstep; those that are not new are drawn again."""
        parameters = self._restore(state, request.space).parameters
        random = np.random.default_rng(request.seed)
        finder = Finder(request, random)
        sampled = _sample(Sampler(parameters, request.start, request.space, random), finder, request.count)
        found = [episode or finder.find(Arm.CONTROLLER, POLICY_TRIES) for episode in sampled]
        return [episode for episode in found if episode]

    @one_thread()
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


def _sample(sampler: Sampler, finder: Finder, count: int) -> list[Episode | None]:
    """One new episode of the policy for each of `count` children; None where POLICY_TRIES bring none."""
    found: list[Episode | None] = [None] * count
    for tries in range(1, POLICY_TRIES + 1):
        missing = [place for place, episode in enumerate(found) if episode is None]
        for place, walk in zip(missing, sampler.sample(len(missing)), strict=True):
            found[place] = finder.admit(walk, Arm.CONTROLLER, tries)
    return found
