"""A search without training: a controller proposes, a formula rewards, the controller learns."""

from dataclasses import dataclass

from nasflow.base.seeds import derive
from nasflow.controllers import Batch, Request, make_controller
from nasflow.search.config import ControllerSpec, Space
from nasflow.spec.tree import START_CELL
from nasflow.studies.rehearsal.rewards import Reward

PER_ROUND = 10
"""Children between two lessons, as in the paper's search."""


@dataclass(frozen=True)
class Trial:
    """One controller with one seed: what its children were worth, in the order of their proposals."""

    rewards: tuple[float, ...]
    tries: tuple[int, ...]
    """Draws that each new cell took; many of them mean that the controller repeats itself."""


def rehearse(
    controller: ControllerSpec,
    reward: Reward,
    seed: int,
    children: int,
    space: Space | None = None,
) -> Trial:
    """The whole loop of a search but the training; every cell is proposed once, as in a search.

    Fewer than `children` only where the space (None: the paper's) is exhausted.
    """
    space = space or Space()
    made = make_controller(controller, derive(seed, "controller"))
    state: bytes | None = None
    taken = {str(START_CELL)}
    rewards: list[float] = []
    tries: list[int] = []
    while len(rewards) < children:
        drawn = derive(seed, "round", len(rewards))
        count = min(PER_ROUND, children - len(rewards))
        episodes = tuple(made.propose(state, Request(START_CELL, space, drawn, count, frozenset(taken))))
        if not episodes:
            break
        found = tuple(reward(episode.cell) for episode in episodes)
        state, _ = made.update(state, Batch(START_CELL, space, drawn, episodes, found))
        taken |= {str(episode.cell.canonical()) for episode in episodes}
        rewards += found
        tries += [episode.tries for episode in episodes]
    return Trial(tuple(rewards), tuple(tries))
