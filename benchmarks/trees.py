"""The controller's speed, batched against one episode at a time."""

from collections.abc import Callable, Iterator

from nasflow.controllers import Batch, Request, make_controller
from nasflow.search.config import PathController, Space
from nasflow.spec.tree import START_CELL

EPISODES = 20


def controllers() -> Iterator[tuple[str, dict[str, Callable[[], object]]]]:
    """Propose episodes and learn from them."""
    controller = make_controller(PathController(), 0)

    def rounds(count: int) -> Callable[[], object]:
        def run() -> None:
            for seed in range(EPISODES // count):
                request = Request(START_CELL, Space(), seed, count, frozenset())
                episodes = tuple(controller.propose(None, request))
                rewards = tuple(float(number % 7) for number in range(count))
                controller.update(None, Batch(START_CELL, Space(), seed, episodes, rewards))

        return run

    yield (
        f"the controller: {EPISODES} episodes proposed and learned from",
        {
            "one by one": rounds(1),
            f"{EPISODES} at a time": rounds(EPISODES),
        },
    )
