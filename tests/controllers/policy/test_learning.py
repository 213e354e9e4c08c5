from statistics import fmean

import pytest
from tests.controllers.samples import names, request, results

from nasflow.controllers import make_controller
from nasflow.search.controller import ControllerSpec, PathController, RandomController
from nasflow.search.spaces import PathSpace
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import Operation

SPACE = PathSpace(max_depth=2)


def share_of_ds5(network: NetworkSpec) -> float:
    """Edges that are ds5, as a share of all that could be; a cell without such edges earns nothing."""
    edges = network.parts.cell.edges()
    below = [branch.operation is Operation.DS5 for path, branch in edges if len(path) > 1]
    return sum(below) / len(below) if below else 0.0


def searched(spec: ControllerSpec, rounds: int) -> tuple[list[float], list[float]]:
    """Mean reward and mean tries of each round of a search with ten children a round."""
    controller = make_controller(spec, 3)
    state, taken, rewards, tries = None, frozenset[str](), list[float](), list[float]()
    for number in range(rounds):
        draws = controller.propose(state, request(space=SPACE, seed=number, count=10, taken=taken))
        taken |= set(names(draws))
        found = [share_of_ds5(draw.network) for draw in draws]
        state, _ = controller.learn(state, results(draws, found, space=SPACE, seed=number))
        rewards.append(fmean(found))
        tries.append(fmean(draw.tries for draw in draws))
    return rewards, tries


def test_learns_what_pays() -> None:
    """Within 140 children the policy finds the operation that pays; random draws cannot."""
    rewards, _ = searched(PathController(embedding=6, hidden=24), rounds=14)
    assert fmean(searched(RandomController(), rounds=20)[0][-10:]) < 0.2
    assert fmean(rewards[-4:]) > 0.8


@pytest.mark.long
def test_finds_more_where_what_pays_is_used_up() -> None:
    """There are few cells of the one operation that pays: once they are taken, the policy lets go of them."""
    rewards, tries = searched(PathController(embedding=6, hidden=24), rounds=24)
    used_up = max(range(24), key=tries.__getitem__)
    assert max(rewards[:used_up]) > 0.9
    assert max(tries) > 10
    assert fmean(tries[-4:]) < 5
