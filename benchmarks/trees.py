"""The controller's speed, batched against one episode at a time."""

from collections.abc import Callable, Iterator

from nasflow.controllers import Lesson, Request, Results, make_controller
from nasflow.search.controller import PathController
from nasflow.search.spaces import PathSpace
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec

_EPISODES = 20
_START = NetworkSpec(host=DenseNet(growth=48, blocks=1, groups=2), channels=3, size=32, classes=10)


def controllers() -> Iterator[tuple[str, dict[str, Callable[[], object]]]]:
    """Propose episodes and learn from them."""
    controller, space = make_controller(PathController(), 0), PathSpace()

    def rounds(count: int) -> Callable[[], object]:
        def run() -> None:
            for seed in range(_EPISODES // count):
                draws = controller.propose(None, Request(space, _START, seed, count))
                lessons = tuple(
                    Lesson(draw.decisions, draw.tries, float(number % 7)) for number, draw in enumerate(draws)
                )
                controller.learn(None, Results(space, _START, seed, lessons))

        return run

    yield (
        f"the controller: {_EPISODES} episodes proposed and learned from",
        {
            "one by one": rounds(1),
            f"{_EPISODES} at a time": rounds(_EPISODES),
        },
    )
