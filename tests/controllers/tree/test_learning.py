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


def last_rewards(spec: ControllerSpec, rounds: int, last: int) -> float:
    """Mean reward of the last rounds of a search with ten children a round."""
    controller = make_controller(spec, 3)
    state, taken, found = None, frozenset[str](), list[float]()
    for number in range(rounds):
        draws = controller.propose(state, request(space=SPACE, seed=number, count=10, taken=taken))
        taken |= set(names(draws))
        rewards = [share_of_ds5(draw.network) for draw in draws]
        state, _ = controller.learn(state, results(draws, rewards, space=SPACE, seed=number))
        found += rewards
    return sum(found[-10 * last :]) / (10 * last)


def test_learns_what_pays() -> None:
    """Within 200 children the policy finds the operation that pays; random draws cannot."""
    learned = last_rewards(PathController(embedding=6, hidden=24), rounds=20, last=5)
    assert last_rewards(RandomController(), rounds=20, last=10) < 0.2
    assert learned > 0.4
