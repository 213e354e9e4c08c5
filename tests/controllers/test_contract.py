"""What every controller must do."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from tests.controllers.samples import SMALL_POLICY, START, at_least, exhaust, names, only, request, results
from tests.search.spaces.samples import GROWN, TINY, network_of

from nasflow.base.errors import InvalidSpec
from nasflow.controllers import Controller, Draw, Lesson, Results, make_controller
from nasflow.search.controller import (
    CONTROLLERS,
    ControllerSpec,
    EasController,
    EvolutionController,
    N2nController,
    NasController,
    PaperController,
    RandomController,
)
from nasflow.search.spaces import AnySpace, PathSpace, Space, replay
from nasflow.spec.channels import check_channels
from nasflow.spec.hosts import Chain
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import START_CELL, Merge, Tree

SPECS: dict[str, ControllerSpec] = {
    "path": SMALL_POLICY,
    "path with a memory": SMALL_POLICY.model_copy(update={"updates": 2, "memory": 3}),
    "paper": PaperController(embedding=4, hidden=8),
    "eas": EasController(embedding=4, hidden=8),
    "n2n": N2nController(embedding=4, hidden=8),
    "nas": NasController(embedding=4, hidden=8),
    "random": RandomController(),
    "evolution": EvolutionController(population=3, tournament=2),
}
"""A small one of each kind, for every test here."""
CHAIN = NetworkSpec(host=Chain(widths=(4, 4)), channels=1, size=8, classes=10)


def test_every_controller_is_here() -> None:
    """Each kind that a configuration can name is held to this contract."""
    assert {type(each) for each in SPECS.values()} == set(CONTROLLERS)


VARIATIONS = {"path with a memory", "paper", "eas", "n2n"}
"""They draw as `path` does, and differ in how they learn; or, in a space of cells, do all that `nas` does."""


@pytest.fixture(
    params=[pytest.param(name, marks=pytest.mark.long) if name in VARIATIONS else name for name in SPECS]
)
def spec(request: pytest.FixtureRequest) -> ControllerSpec:
    """Each kind of controller."""
    return SPECS[str(request.param)]


@pytest.fixture
def controller(spec: ControllerSpec) -> Controller:
    """Each kind of controller, seed 7."""
    return make_controller(spec, 7)


@pytest.fixture
def widths(plugins: Path) -> Space:
    """A space that nobody here knows."""
    adapter: TypeAdapter[Space] = TypeAdapter(AnySpace)
    return adapter.validate_python({"kind": "widths", "widths": [2, 4, 6]})


def learn(
    controller: Controller,
    rounds: int,
    rewards: Sequence[float | None],
    start: NetworkSpec = START,
    space: Space = TINY,
) -> bytes | None:
    """The state after some rounds with these rewards, no network being taken."""
    state = None
    for number in range(rounds):
        draws = controller.propose(state, request(start, space, number, count=len(rewards)))
        state, _ = controller.learn(state, results(draws, rewards, start, space))
    return state


def test_same_seed_same_draws(spec: ControllerSpec) -> None:
    """Proposals are a function of state and request, in whatever process; another seed gives others."""
    wanted = request(space=PathSpace(), count=6)
    draws = make_controller(spec, 7).propose(None, wanted)
    assert draws == make_controller(spec, 7).propose(None, wanted)
    other = make_controller(spec, 7).propose(None, request(space=PathSpace(), seed=1, count=6))
    assert names(draws) != names(other)


def test_state_round_trip(spec: ControllerSpec) -> None:
    """A learned state proposes the same in another process, and learning it again gives the same bytes."""
    states = [learn(make_controller(spec, 7), 3, [0.1, 0.9, None, 0.5]) for _ in range(2)]
    assert states[0] == states[1]
    wanted = request(space=TINY, seed=3)
    first, second = (make_controller(spec, 7).propose(state, wanted) for state in states)
    assert first == second


def test_new_distinct_replayable(controller: Controller) -> None:
    """Networks are new, differ from each other, and are what their decisions make."""
    space = PathSpace()
    taken = frozenset(names(controller.propose(None, request(space=space, count=20))))
    draws = controller.propose(None, request(space=space, count=20, taken=taken))
    assert len(draws) == 20
    found = names(draws)
    assert len(set(found)) == 20
    assert not taken & set(found)
    for draw in draws:
        assert replay(space, START, draw.decisions) == draw.network
        assert draw.tries >= 1
        assert draw.network.parts.cell.root.depth <= space.max_depth


def test_nothing_wanted(controller: Controller) -> None:
    """No children are no trouble."""
    assert controller.propose(None, request(count=0)) == []


def test_only_what_fits(controller: Controller) -> None:
    """A network that does not fit is never proposed."""

    def fits(network: NetworkSpec) -> bool:
        try:
            check_channels(network.parts.cell, channels=2, groups=2)
        except InvalidSpec:
            return False
        return True

    draws = controller.propose(None, request(space=PathSpace(), count=15, excess=only(fits)))
    assert len(draws) == 15
    assert all(fits(draw.network) for draw in draws)
    assert all(draw.network.parts.cell.root.merge is not Merge.CONCAT for draw in draws)


def test_a_limit_that_hardly_anything_keeps(controller: Controller) -> None:
    """Draws are mended towards it: by few looks networks are found that keep it, and can be learned from."""
    space, seen = PathSpace(max_depth=2), set[str]()

    def excess(network: NetworkSpec) -> float:
        seen.add(str(network.parts))
        return at_least(11)(network)

    wanted = request(space=space, count=4, excess=excess)
    draws = controller.propose(None, wanted)
    assert len(set(names(draws))) == 4
    assert len(seen) < 400
    assert all(excess(draw.network) == 0 for draw in draws)
    assert all(replay(space, START, draw.decisions) == draw.network for draw in draws)
    assert controller.propose(None, wanted) == draws
    state, _ = controller.learn(None, results(draws, [0.1, 0.2, None, 0.3], space=space))
    assert len(controller.propose(state, replace(wanted, taken=frozenset(names(draws))))) == 4


def test_a_limit_out_of_reach(controller: Controller) -> None:
    """Nothing is proposed, which takes a bounded number of looks."""
    looks = []

    def excess(network: NetworkSpec) -> float:
        looks.append(network)
        return at_least(100)(network)

    assert controller.propose(None, request(space=PathSpace(max_depth=2), count=4, excess=excess)) == []
    assert len(looks) < 1000


@pytest.mark.parametrize(("start", "cells"), [(START_CELL, 27), (GROWN, 4)])
def test_exhausted(controller: Controller, start: Tree, cells: int) -> None:
    """Every network of a small space is proposed exactly once, the last round short, then nothing."""
    found = exhaust(controller, None, request(network_of(start), count=8))
    assert len(found) == len(set(found)) == cells


def test_exhausted_by_fits(controller: Controller) -> None:
    """Where a single network fits, it is found once; where none does in a huge space, none is proposed.

    What is asked is told in canonical order.
    """
    single = "add( 3x3G, 3x3G -> ( ds3 ) )"
    fitting = only(lambda network: str(network.parts) == single)
    assert exhaust(controller, None, request(excess=fitting)) == [single]
    assert controller.propose(None, request(count=3, excess=only(lambda network: False))) == []


def test_start_without_a_question(controller: Controller) -> None:
    """A start network that nothing can be decided about is its own only child."""
    start, space = network_of("add( 3x3G, 3x3G )"), PathSpace(max_depth=1)
    draws = controller.propose(None, request(start, space))
    assert [(draw.network, draw.decisions) for draw in draws] == [(start, ())]
    controller.learn(None, results(draws, [0.5], start, space))


@pytest.mark.parametrize("value", [0.0, pytest.param(60.0, marks=pytest.mark.long)])
def test_equal_rewards_for_ever(controller: Controller, value: float) -> None:
    """Rewards that never differ leave a controller that still proposes what is new."""
    state = learn(controller, 8, [value] * 4)
    found = exhaust(controller, state, request(count=8))
    assert len(found) == 27


@pytest.mark.parametrize("first", [None, pytest.param(0.5, marks=pytest.mark.long)])
def test_failed_rounds(controller: Controller, first: float | None) -> None:
    """Rounds in which every child fails, also before any success, are learned from without harm."""
    state, figures = None, {"": 0.0}
    for number in range(4):
        draws = controller.propose(state, request(seed=number))
        rewards = [first if number == 0 else None] * len(draws)
        state, figures = controller.learn(state, results(draws, rewards))
        assert all(math.isfinite(value) for value in figures.values())
    assert "mean_reward" not in figures
    assert len(exhaust(controller, state, request(count=8))) == 27


def test_nothing_to_learn(controller: Controller) -> None:
    """A round without children changes nothing."""
    state = learn(controller, 1, [0.1, 0.2])
    assert controller.learn(state, results([], [])) == (state, {})
    assert controller.learn(None, results([], [])) == (None, {})


def test_figures(controller: Controller) -> None:
    """What is learned reports the mean reward of the children that lived and the mean tries of all."""
    draws = controller.propose(None, request(count=3))
    _, figures = controller.learn(None, results(draws, [0.2, None, 0.6]))
    assert figures["mean_reward"] == pytest.approx(0.4)
    assert figures["mean_tries"] == pytest.approx(sum(draw.tries for draw in draws) / 3)


@pytest.mark.parametrize("rewards", [[-2.3, -0.1, None, -0.7], [1e-9, 3e6, None, 0.0]])
def test_any_finite_rewards(controller: Controller, rewards: list[float | None]) -> None:
    """Rewards may be negative (a loss) or large: what is learned stays finite, and new networks are found."""
    state, figures = None, {"": math.nan}
    for number in range(3):
        draws = controller.propose(state, request(seed=number))
        state, figures = controller.learn(state, results(draws, rewards))
    assert all(math.isfinite(value) for value in figures.values())
    assert len(controller.propose(state, request(seed=9))) == 4


@pytest.mark.parametrize("state", [b"", b"not a state", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_foreign_bytes(controller: Controller, state: bytes) -> None:
    """Bytes that are no state of this controller are refused with one line, by both methods."""
    draws = controller.propose(None, request())
    for refused in (
        lambda: controller.propose(state, request()),
        lambda: controller.learn(state, results(draws, [0.5] * 4)),
    ):
        with pytest.raises(InvalidSpec, match="state") as caught:
            refused()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("change", ["longer", "shorter"])
def test_broken_decisions(controller: Controller, change: str) -> None:
    """Decisions that do not make an episode are refused."""
    (draw,) = controller.propose(None, request(count=1))
    decisions = (*draw.decisions, 0) if change == "longer" else draw.decisions[:-1]
    broken = Draw(decisions, draw.network, draw.tries)
    with pytest.raises(InvalidSpec, match="decision"):
        controller.learn(None, results([broken], [0.5]))


@pytest.mark.parametrize("reward", [math.nan, math.inf, -math.inf])
def test_a_reward_is_a_number(reward: float) -> None:
    """One that is not finite is refused where a lesson is made: a failed child has none."""
    with pytest.raises(InvalidSpec, match="give None for a child that failed"):
        Lesson((), 1, reward)


def test_another_space(spec: ControllerSpec, widths: Space) -> None:
    """A space of another kind is proposed from, learned from and exhausted as the one of cells.

    A policy that reads one kind only refuses another in one line.
    """
    controller, wanted = make_controller(spec, 7), request(CHAIN, widths, count=4)
    if spec.reads is not None:
        with pytest.raises(InvalidSpec, match="reads the questions of the path space only"):
            controller.propose(None, wanted)
        with pytest.raises(InvalidSpec, match="reads the questions of the path space only"):
            controller.learn(None, Results(widths, CHAIN, 0, (Lesson((0, 0), 1, 0.5),)))
        return
    assert len(exhaust(controller, None, wanted)) == 9
    state = learn(controller, 3, [0.1, None, 0.9, 0.5], CHAIN, widths)
    assert learn(make_controller(spec, 7), 3, [0.1, None, 0.9, 0.5], CHAIN, widths) == state
    draws = controller.propose(state, wanted)
    assert draws == make_controller(spec, 7).propose(state, wanted)
    assert len(set(names(draws))) == 4
    for draw in draws:
        assert replay(widths, CHAIN, draw.decisions) == draw.network
