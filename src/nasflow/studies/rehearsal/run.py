"""A search without training: a controller proposes, a formula rewards, the controller learns."""

from dataclasses import dataclass

from nasflow.base.seeds import derive
from nasflow.controllers import Lesson, Request, Results, make_controller
from nasflow.search.controller import ControllerSpec
from nasflow.search.spaces import PathSpace
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import Tree
from nasflow.studies.rehearsal.rewards import Reward

PER_ROUND = 10
"""Children between two lessons, as in the paper's search."""

REHEARSED_START = NetworkSpec(host=DenseNet(growth=48, blocks=1, groups=2), channels=3, size=32, classes=10)
"""Holds the start cell. Its host is never built: it has to name a place, and every cell counts as fitting."""


@dataclass(frozen=True)
class Trial:
    """One controller with one seed: what its children were worth, in the order of their proposals."""

    rewards: tuple[float, ...]
    tries: tuple[int, ...]
    """Draws that each new cell took; many of them mean that the controller repeats itself."""
    cells: tuple[Tree, ...] = ()
    """The children themselves."""


def rehearse(
    controller: ControllerSpec,
    reward: Reward,
    seed: int,
    children: int,
    space: PathSpace | None = None,
) -> Trial:
    """The whole loop of a search but the training; every cell is proposed once, as in a search.

    Fewer than `children` only where the space (None: the paper's) is exhausted.
    """
    space, start = space or PathSpace(), REHEARSED_START
    made = make_controller(controller, derive(seed, "controller"))
    state: bytes | None = None
    taken = {start.name}
    rewards: list[float] = []
    tries: list[int] = []
    cells: list[Tree] = []
    while len(rewards) < children:
        drawn = derive(seed, "round", len(rewards))
        count = min(PER_ROUND, children - len(rewards))
        draws = made.propose(state, Request(space, start, drawn, count, frozenset(taken)))
        if not draws:
            break
        proposed = [each.network.parts.cell for each in draws]
        found = [reward(cell) for cell in proposed]
        lessons = tuple(
            Lesson(each.decisions, each.tries, worth) for each, worth in zip(draws, found, strict=True)
        )
        state, _ = made.learn(state, Results(space, start, drawn, lessons))
        taken |= {each.network.name for each in draws}
        rewards += found
        tries += [each.tries for each in draws]
        cells += proposed
    return Trial(tuple(rewards), tuple(tries), tuple(cells))
