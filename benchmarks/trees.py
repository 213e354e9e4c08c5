"""The controller's speed: episodes proposed and learned from, and a whole rehearsal."""

from collections.abc import Callable, Iterator
from functools import partial

from nasflow.controllers import Lesson, Request, Results, make_controller
from nasflow.search.controller import EvolutionController, PathController, RandomController
from nasflow.search.spaces import PathSpace
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts
from nasflow.spec.tree import START_CELL, Tree
from nasflow.studies.rehearsal import rehearse, rewards

_EPISODES = 100
_CHILDREN = 500
_STARTS = {
    "the start cell": START_CELL,
    # TreeCell-A leaves one question in the paper's space: it measures nothing.
    "a cell of two levels": Tree.parse("add( 3x3G -> ( ds3 ), 3x3G -> add( identity, max3 ) )"),
}


def controllers() -> Iterator[tuple[str, dict[str, Callable[[], object]]]]:
    """Propose episodes and learn from them, then whole rehearsals beside their controls."""
    for name, cell in _STARTS.items():
        yield (
            f"the controller: {_EPISODES} episodes from {name}, proposed and learned from",
            {f"{count} an update": _rounds(cell, count) for count in (10, _EPISODES)},
        )
    arms = {"random": RandomController(), "evolution": EvolutionController(), "path": PathController()}
    reward = rewards(0)["structured"]
    yield (
        f"a rehearsal: {_CHILDREN} children of the structured reward",
        {name: partial(rehearse, arm, reward, 0, _CHILDREN) for name, arm in arms.items()},
    )


def _rounds(cell: Tree, count: int) -> Callable[[], object]:
    """Rounds of `count` episodes, each learned from before the next."""
    controller, space = make_controller(PathController(), 0), PathSpace()
    host = DenseNet(growth=48, blocks=1, groups=2)
    start = NetworkSpec(host=host, parts=Parts(cell=cell), channels=3, size=32, classes=10)

    def run() -> None:
        state: bytes | None = None
        for seed in range(_EPISODES // count):
            draws = controller.propose(state, Request(space, start, seed, count))
            lessons = tuple(
                Lesson(draw.decisions, draw.tries, float(number % 7)) for number, draw in enumerate(draws)
            )
            state, _ = controller.learn(state, Results(space, start, seed, lessons))

    return run
