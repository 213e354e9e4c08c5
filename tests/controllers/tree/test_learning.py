from nasflow.controllers import Batch, Request, make_controller
from nasflow.search.config import Space
from nasflow.search.controller import ControllerSpec, PathController, RandomController
from nasflow.spec.tree import START_CELL, Operation, Tree

SPACE = Space(max_depth=2)


def share_of_ds5(tree: Tree) -> float:
    """Edges that are ds5, as a share of all that could be; a cell without such edges earns nothing."""
    below = [branch.operation is Operation.DS5 for path, branch in tree.edges() if len(path) > 1]
    return sum(below) / len(below) if below else 0.0


def last_rewards(spec: ControllerSpec, rounds: int, last: int) -> float:
    """Mean reward of the last rounds of a search with ten children a round."""
    controller = make_controller(spec, 3)
    state, taken, found = None, frozenset[str](), list[float]()
    for number in range(rounds):
        episodes = controller.propose(state, Request(START_CELL, SPACE, number, 10, taken))
        taken |= {str(episode.cell.canonical()) for episode in episodes}
        rewards = tuple(share_of_ds5(episode.cell) for episode in episodes)
        state, _ = controller.update(state, Batch(START_CELL, SPACE, number, tuple(episodes), rewards))
        found += rewards
    return sum(found[-10 * last :]) / (10 * last)


def test_learns_what_pays() -> None:
    """Within 200 children the policy finds the operation that pays; random draws cannot."""
    learned = last_rewards(PathController(embedding=6, hidden=24), rounds=20, last=5)
    assert last_rewards(RandomController(), rounds=20, last=10) < 0.2
    assert learned > 0.4
