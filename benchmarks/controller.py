"""The controller's speed: episodes proposed and learned from, its state carried from update to update."""

from collections.abc import Iterator

from benchmarks.race import Figure, Race, Side, timed
from nasflow.controllers import Lesson, Request, Results, make_controller
from nasflow.search.controller import PathController
from nasflow.search.spaces import PathSpace
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts
from nasflow.studies.rehearsal import ARMS, rehearse, rewards

_EPISODES = 100
_START = NetworkSpec(host=DenseNet(growth=48, blocks=1, groups=2), channels=3, size=32, classes=10)
_GROWN = _START.with_parts(Parts(cell="add( 3x3G, 3x3G -> ( ds3 ) )"))
_BARS = {
    "controller_episodes_per_second": (_START, 100, 600),
    "controller_episodes_per_second_10": (_START, 10, 300),
    "controller_episodes_per_second_grown": (_GROWN, 100, 300),
    "controller_episodes_per_second_10_grown": (_GROWN, 10, 150),
}
"""By figure: from which network, how many episodes an update, and how many a second are wanted."""

_REHEARSED = 500


def controllers() -> Iterator[Race]:
    """The path policy's updates, from the start cell and a grown one; a whole search without training."""
    sides = {name: _episodes(start, count) for name, (start, count, _) in _BARS.items()}
    figures = [
        Figure(
            name=name,
            baseline=f"none: {count} episodes an update, from {start.parts}",
            unit="episodes/s",
            of=lambda seconds, name=name: _EPISODES / seconds[name],  # type: ignore[misc]
            bar=bar,
        )
        for name, (start, count, bar) in _BARS.items()
    ]
    yield Race(sides, tuple(figures))
    yield _rehearsal()


def _episodes(start: NetworkSpec, count: int) -> Side:
    controller, space = make_controller(PathController(), 0), PathSpace()

    def run() -> None:
        state: bytes | None = None
        for seed in range(_EPISODES // count):
            draws = controller.propose(state, Request(space, start, seed, count))
            lessons = tuple(
                Lesson(draw.decisions, draw.tries, float(number % 7)) for number, draw in enumerate(draws)
            )
            state, _ = controller.learn(state, Results(space, start, seed, lessons))

    return timed(run)


def _rehearsal() -> Race:
    figure = Figure(
        name=f"rehearse_{_REHEARSED}_seconds",
        baseline=f"none: {_REHEARSED} children of the structured reward, 10 a round",
        unit="seconds",
        of=lambda seconds: seconds["rehearsal"],
        bar=3,
        more_is_better=False,
    )
    reward = rewards(0)["structured"]
    return Race({"rehearsal": timed(lambda: rehearse(ARMS["path"], reward, 0, _REHEARSED))}, (figure,))
