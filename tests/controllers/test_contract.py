"""What every controller must do."""

import math
from collections.abc import Sequence

import pytest
from tests.controllers.samples import GROWN, SMALL_POLICY, TINY, exhaust, names, request

from nasflow.base.errors import InvalidSpec
from nasflow.controllers import Batch, Controller, make_controller, replay
from nasflow.search.config import Space
from nasflow.search.controller import ControllerSpec, EvolutionController, PaperController, RandomController
from nasflow.search.rounds import Episode
from nasflow.spec.channels import check_channels
from nasflow.spec.tree import START_CELL, Merge, Tree

SPECS: dict[str, ControllerSpec] = {
    "path": SMALL_POLICY,
    "paper": PaperController(embedding=4, hidden=8),
    "random": RandomController(),
    "evolution": EvolutionController(population=3, tournament=2),
}


@pytest.fixture(params=SPECS)
def spec(request: pytest.FixtureRequest) -> ControllerSpec:
    """Each kind of controller."""
    return SPECS[str(request.param)]


@pytest.fixture
def controller(spec: ControllerSpec) -> Controller:
    """Each kind of controller, seed 7."""
    return make_controller(spec, 7)


def batch(
    episodes: Sequence[Episode],
    rewards: Sequence[float | None],
    start: Tree = START_CELL,
    space: Space = TINY,
) -> Batch:
    """A round's results."""
    return Batch(start, space, 0, tuple(episodes), tuple(rewards))


def learn(controller: Controller, rounds: int, rewards: list[float | None]) -> tuple[bytes | None, float]:
    """The state after some rounds with these rewards, no cell being taken; and the last mean tries."""
    state, figures = None, {"mean_tries": math.nan}
    for number in range(rounds):
        episodes = controller.propose(state, request(seed=number, count=len(rewards)))
        state, figures = controller.update(state, batch(episodes, rewards))
    return state, figures["mean_tries"]


def test_same_seed_same_episodes(spec: ControllerSpec) -> None:
    """Proposals are a function of state and request, in whatever process; another seed gives others."""
    wanted = request(space=Space(), count=6)
    episodes = make_controller(spec, 7).propose(None, wanted)
    assert episodes == make_controller(spec, 7).propose(None, wanted)
    assert names(episodes) != names(
        make_controller(spec, 7).propose(None, request(space=Space(), seed=1, count=6))
    )


def test_state_round_trip(spec: ControllerSpec) -> None:
    """A learned state proposes the same in another process, and learning it again gives the same bytes."""
    states = [learn(make_controller(spec, 7), 3, [0.1, 0.9, None, 0.5])[0] for _ in range(2)]
    assert states[0] == states[1]
    wanted = request(space=TINY, seed=3)
    first, second = (make_controller(spec, 7).propose(state, wanted) for state in states)
    assert first == second


def test_new_distinct_replayable(controller: Controller) -> None:
    """Cells are new, differ from each other, and are what their decisions build."""
    space = Space()
    taken = frozenset(names(controller.propose(None, request(space=space, count=20))))
    episodes = controller.propose(None, request(space=space, count=20, taken=taken))
    assert len(episodes) == 20
    found = names(episodes)
    assert len(set(found)) == 20
    assert not taken & set(found)
    for episode in episodes:
        assert replay(START_CELL, space, episode.decisions) == episode.cell
        assert episode.tries >= 1
        assert episode.cell.root.depth <= space.max_depth


def test_nothing_wanted(controller: Controller) -> None:
    """No children are no trouble."""
    assert controller.propose(None, request(count=0)) == []


def test_only_fitting_cells(controller: Controller) -> None:
    """A cell that the host cannot hold is never proposed."""

    def fits(tree: Tree) -> bool:
        try:
            check_channels(tree, channels=2, groups=2)
        except InvalidSpec:
            return False
        return True

    episodes = controller.propose(None, request(space=Space(), count=15, fits=fits))
    assert len(episodes) == 15
    assert all(fits(episode.cell) for episode in episodes)
    assert all(episode.cell.root.merge is not Merge.CONCAT for episode in episodes)


@pytest.mark.parametrize(("start", "cells"), [(START_CELL, 27), (GROWN, 4)])
def test_exhausted(controller: Controller, start: Tree, cells: int) -> None:
    """Every cell of a small space is proposed exactly once, the last round short, then nothing."""
    found = exhaust(controller, None, request(start=start, count=8))
    assert len(found) == len(set(found)) == cells


def test_exhausted_by_fits(controller: Controller) -> None:
    """Where a single cell fits, it is found once; where none does in a huge space, none is proposed."""
    only = "add( 3x3G, 3x3G -> ( ds3 ) )"
    found = exhaust(controller, None, request(fits=lambda tree: str(tree) == only))
    assert found == [only]
    assert controller.propose(None, request(count=3, fits=lambda tree: False)) == []


def test_start_without_a_question(controller: Controller) -> None:
    """A start cell that nothing can be decided about is its own only child."""
    start = Tree.parse("add( 3x3G, 3x3G )")
    space = Space(max_depth=1)
    episodes = controller.propose(None, request(start=start, space=space))
    assert [(episode.cell, episode.decisions) for episode in episodes] == [(start, ())]
    controller.update(None, batch(episodes, [0.5], start, space))


@pytest.mark.parametrize("value", [0.0, 0.7, 60.0])
def test_equal_rewards_for_ever(controller: Controller, value: float) -> None:
    """Rewards that never differ leave a controller that still proposes what is new."""
    state, _ = learn(controller, 15, [value] * 4)
    found = exhaust(controller, state, request(count=8))
    assert len(found) == 27


@pytest.mark.parametrize("first", [None, 0.5])
def test_failed_rounds(controller: Controller, first: float | None) -> None:
    """Rounds in which every child fails, also before any success, are learned from without harm."""
    state, figures = None, {"": 0.0}
    for number in range(4):
        episodes = controller.propose(state, request(seed=number))
        rewards = [first if number == 0 else None] * len(episodes)
        state, figures = controller.update(state, batch(episodes, rewards))
        assert all(math.isfinite(value) for value in figures.values())
    assert "mean_reward" not in figures
    assert len(exhaust(controller, state, request(count=8))) == 27


def test_empty_batch(controller: Controller) -> None:
    """A round without children changes nothing."""
    state, _ = learn(controller, 1, [0.1, 0.2])
    assert controller.update(state, batch([], [])) == (state, {})
    assert controller.update(None, batch([], [])) == (None, {})


def test_figures(controller: Controller) -> None:
    """An update reports the mean reward of the children that lived and the mean tries of all."""
    episodes = controller.propose(None, request(count=3))
    _, figures = controller.update(None, batch(episodes, [0.2, None, 0.6]))
    assert figures["mean_reward"] == pytest.approx(0.4)
    assert figures["mean_tries"] == pytest.approx(sum(each.tries for each in episodes) / 3)


@pytest.mark.parametrize("state", [b"", b"not a state", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_foreign_bytes(controller: Controller, state: bytes) -> None:
    """Bytes that are no state of this controller are refused with one line, by both methods."""
    episodes = controller.propose(None, request())
    for refused in (
        lambda: controller.propose(state, request()),
        lambda: controller.update(state, batch(episodes, [0.5] * 4)),
    ):
        with pytest.raises(InvalidSpec, match="state") as caught:
            refused()
        assert "\n" not in str(caught.value)


def test_broken_episode(controller: Controller) -> None:
    """Decisions that do not make an episode are refused."""
    episode = controller.propose(None, request(count=1))[0]
    broken = episode.model_copy(update={"decisions": (*episode.decisions, 0)})
    with pytest.raises(InvalidSpec, match="decision"):
        controller.update(None, batch([broken], [0.5]))


@pytest.mark.parametrize("rewards", [(), (0.1, 0.2), (math.nan,), (math.inf,)])
def test_batches_are_checked(rewards: tuple[float, ...]) -> None:
    """A batch has one finite reward or None an episode."""
    episode = make_controller(RandomController(), 0).propose(None, request(count=1))[0]
    with pytest.raises(InvalidSpec, match="reward"):
        batch([episode], rewards)
