import dataclasses

import pytest
import torch
from safetensors.torch import load, save
from tests.controllers.samples import SMALL_POLICY, request, results
from tests.search.spaces.samples import TINY

from nasflow.base.errors import InvalidSpec
from nasflow.controllers import Lesson, make_controller
from nasflow.controllers.policy.state import PolicyState, pack_state, unpack_state
from nasflow.search.controller import PaperController, PathController
from nasflow.search.spaces import PathSpace


def learned() -> bytes:
    """A state after one round."""
    controller = make_controller(SMALL_POLICY, 1)
    draws = controller.propose(None, request(count=3))
    state, _ = controller.learn(None, results(draws, [0.1, 0.2, None]))
    assert state is not None
    return state


def changed(name: str, value: torch.Tensor | None) -> bytes:
    """A learned state with one tensor replaced or left out."""
    tensors = load(learned())
    del tensors[name]
    return save(tensors if value is None else tensors | {name: value})


def test_round_trip() -> None:
    """What is packed is unpacked, and packed again gives the same bytes."""
    data = learned()
    state = unpack_state(data, SMALL_POLICY, TINY)
    assert pack_state(state, SMALL_POLICY, TINY) == data
    assert (state.steps, state.baseline.rounds) == (SMALL_POLICY.updates, 1)
    assert state.baseline.mean == pytest.approx(0.15)


def test_a_memory_is_stored() -> None:
    """The best children are read back as they were, and damage is refused."""
    memory = (Lesson((1, 0, 2), 3, 0.7), Lesson((), 1, -2.5))
    initial = PolicyState.initial(SMALL_POLICY, TINY, seed=5)
    data = pack_state(dataclasses.replace(initial, memory=memory), SMALL_POLICY, TINY)
    assert unpack_state(data, SMALL_POLICY, TINY).memory == memory
    tensors = load(data)
    for broken in (
        {"memory.lengths": torch.tensor([3, 1])},
        {"memory.lengths": torch.tensor([4, -1])},
        {"memory.tries": torch.tensor([3])},
        {"memory.rewards": torch.tensor([0.7, float("nan")], dtype=torch.float64)},
        {"memory.decisions": torch.tensor([1.0, 0.0, 2.0])},
    ):
        with pytest.raises(InvalidSpec, match="controller state: "):
            unpack_state(save(tensors | broken), SMALL_POLICY, TINY)


def test_initial_state_is_stored_exactly() -> None:
    """None and the stored initial state are the same state."""
    initial = PolicyState.initial(SMALL_POLICY, TINY, seed=5)
    again = unpack_state(pack_state(initial, SMALL_POLICY, TINY), SMALL_POLICY, TINY)
    for name, value in initial.parameters.items():
        assert torch.equal(value, again.parameters[name])


def test_seed_decides_initial_parameters() -> None:
    """Another seed is another initial policy."""
    one, other = (PolicyState.initial(SMALL_POLICY, TINY, seed).parameters["operations"] for seed in (1, 2))
    assert not torch.equal(one, other)


def test_size_of_the_paper() -> None:
    """With the paper's sizes the policy has about as many parameters as the paper's: 0.6 million."""
    parameters = PolicyState.initial(PaperController(), PathSpace(), 0).parameters
    assert 500_000 < sum(value.numel() for value in parameters.values()) < 1_000_000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("parameters.operations", None),
        ("parameters.operations", torch.zeros(2, 2)),
        ("parameters.operations", torch.full((9, 4), torch.nan)),
        ("first.operations", torch.full((9, 4), torch.inf)),
        ("second.operations", torch.full((9, 4), -1.0)),
        ("steps", torch.tensor([-1, 0])),
        ("figures", torch.tensor([0.5, 0.1, torch.inf], dtype=torch.float64)),
        ("kind", torch.zeros(32, dtype=torch.uint8)),
        ("kind", None),
    ],
)
def test_damage_is_refused(name: str, value: torch.Tensor | None) -> None:
    """A state with a tensor missing, misshapen or impossible is refused with one line."""
    with pytest.raises(InvalidSpec, match="controller state") as caught:
        unpack_state(changed(name, value), SMALL_POLICY, TINY)
    assert "\n" not in str(caught.value)


def test_additions_are_refused() -> None:
    """A tensor that is none of ours is refused."""
    data = save(load(learned()) | {"more": torch.zeros(1)})
    with pytest.raises(InvalidSpec, match="'more'"):
        unpack_state(data, SMALL_POLICY, TINY)


def test_cut_off() -> None:
    """A file that was not written to its end is refused."""
    with pytest.raises(InvalidSpec, match="broken or cut off"):
        unpack_state(learned()[:-10], SMALL_POLICY, TINY)


@pytest.mark.parametrize(
    ("spec", "space"),
    [
        (SMALL_POLICY.model_copy(update={"hidden": 9}), TINY),
        (SMALL_POLICY, TINY.model_copy(update={"operations": TINY.operations[::-1]})),
    ],
)
def test_other_policy_or_space(spec: PathController, space: PathSpace) -> None:
    """A state of another size, or for options in another order, is refused."""
    with pytest.raises(InvalidSpec, match="another policy, space or version"):
        unpack_state(learned(), spec, space)
