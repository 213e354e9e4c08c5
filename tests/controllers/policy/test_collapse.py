from dataclasses import replace

import pytest
import torch
from tests.controllers.samples import SMALL_POLICY, exhaust, names, request, results
from tests.search.spaces.samples import TINY

from nasflow.controllers import make_controller
from nasflow.controllers.policy.sampler import POLICY_TRIES, fall
from nasflow.controllers.policy.state import PolicyState, pack_state
from nasflow.search.spaces import PathSpace

SPACE = PathSpace()


def collapsed(space: PathSpace, logit: float) -> bytes:
    """A state that always takes the first option: no merge, the first operation, no insertion."""
    state = PolicyState.initial(SMALL_POLICY, space, 1)
    parameters = dict(state.parameters)
    for head in ("merge", "operation", "expand"):
        bias = torch.zeros_like(parameters[f"{head}.last.bias"])
        bias[0] = logit
        parameters[f"{head}.last.bias"] = bias
    return pack_state(replace(state, parameters=parameters), SMALL_POLICY, space)


@pytest.mark.parametrize("logit", [30.0, 1e4, 1e30])
def test_still_proposes(logit: float) -> None:
    """A policy that says the same for ever still yields new networks, at the price of tries."""
    controller = make_controller(SMALL_POLICY, 1)
    draws = controller.propose(collapsed(SPACE, logit), request(space=SPACE, count=5))
    assert len(set(names(draws))) == 5
    assert all(draw.tries > POLICY_TRIES for draw in draws[1:])


def test_still_exhausts() -> None:
    """With a collapsed policy, too, every network of a small space is found once."""
    found = exhaust(make_controller(SMALL_POLICY, 1), collapsed(TINY, 1e4), request(count=8))
    assert len(found) == len(set(found)) == 27


@pytest.mark.parametrize("reward", [0.7, 60.0])
def test_equal_rewards_leave_the_entropy(reward: float) -> None:
    """With equal rewards the entropy acts alone: a policy that has nearly decided doubts again."""
    controller = make_controller(SMALL_POLICY, 1)
    draws = controller.propose(None, request(space=SPACE, count=5))
    state, found = collapsed(SPACE, 4.0), list[float]()
    for number in range(8):
        after, figures = controller.learn(state, results(draws, [reward] * 5, space=SPACE, seed=number))
        assert after
        state = after
        found.append(figures["entropy"])
    assert found == sorted(found)
    assert found[-1] > 1.5 * found[0]


@pytest.mark.parametrize("reward", [None, pytest.param(0.7, marks=pytest.mark.long)])
def test_finds_its_way_back(reward: float | None) -> None:
    """Learning from the children found without it, a collapsed policy finds new networks by itself again."""
    controller = make_controller(SMALL_POLICY, 1)
    state: bytes | None = collapsed(SPACE, 20.0)
    taken: frozenset[str] = frozenset()
    tries = []
    for number in range(25):
        draws = controller.propose(state, request(space=SPACE, seed=number, count=5, taken=taken))
        taken |= set(names(draws))
        lessons = results(draws, [0.7, *[reward] * 4], space=SPACE, seed=number)
        state, figures = controller.learn(state, lessons)
        tries.append(figures["mean_tries"])
    assert tries[1] > POLICY_TRIES
    assert tries[-1] < POLICY_TRIES / 2


@pytest.mark.parametrize(("uniform", "option"), [(0.0, 1), (0.49, 1), (0.5, 3), (1 - 2**-53, 3)])
def test_impossible_options_are_never_drawn(uniform: float, option: int) -> None:
    """Even the smallest and the largest uniform number pick an option that has a chance."""
    assert fall([0.0, 0.5, 0.5, 1.0, 1.0], uniform) == option
