"""How a sequence policy reads questions."""

from collections.abc import Iterator
from itertools import chain

import numpy as np
import pytest
import torch
from tests.controllers.samples import results
from tests.search.spaces.samples import finish

from nasflow.controllers import Draw, Lesson, Request, Results, make_controller
from nasflow.controllers.policy.parameters import Parameters, initial_parameters
from nasflow.controllers.policy.sampler import Sampler
from nasflow.controllers.sequence.hearing import Columns, Ear
from nasflow.controllers.sequence.reader import SequenceReader
from nasflow.search.controller import EasController, N2nController, NasController, SequencePolicy
from nasflow.search.spaces import (
    Asking,
    ChainSpace,
    JointSpace,
    LayerSpace,
    Question,
    RemovalSpace,
    Space,
    Walk,
)
from nasflow.search.spaces.line import LineSight
from nasflow.spec.hosts import Chain, PyramidNet, Written
from nasflow.spec.network import NetworkSpec

CHAIN = NetworkSpec(host=Chain(widths=(4, 4, 8)), channels=1, size=8, classes=10)
PYRAMID = NetworkSpec(
    host=PyramidNet(widening=4, blocks=1, stages=2, start=4), channels=1, size=8, classes=10
)
WRITTEN = NetworkSpec(host=Written(layers=4), channels=1, size=8, classes=10)
SIZES = {"embedding": 3, "hidden": 5}


class PointingSpace(Space):
    """Three questions; the third points back to the first."""

    kind: str = "pointing"

    def heads(self) -> dict[str, int]:
        """One kind of decision."""
        return {"choose": 2}

    def episode(self, start: NetworkSpec) -> Asking:
        """The start network, whatever is answered."""
        for number in range(3):
            yield Question("choose", number, (True, True), LineSight(anchor=1 if number == 2 else None))
        return start


CASES = [
    (EasController(**SIZES), LayerSpace(new_layers=1), CHAIN),
    (N2nController(**SIZES), RemovalSpace(), CHAIN),
    (NasController(**SIZES), JointSpace(new_layers=1), PYRAMID),
    (NasController(**SIZES), PointingSpace(), CHAIN),
    (NasController(**SIZES), ChainSpace(), WRITTEN),
]


def exact(spec: SequencePolicy, space: Space) -> dict[str, torch.Tensor]:
    """Initial parameters in float64, so that what should be equal is."""
    shapes = SequenceReader(spec, space).shapes()
    return {name: value.double() for name, value in initial_parameters(shapes, 1).items()}


def lessons(space: Space, start: NetworkSpec, count: int) -> Results:
    """Of some episodes."""
    walks = [finish(Walk(space, start), seed) for seed in range(count)]
    return results([Draw(walk.decisions, walk.network, 1) for walk in walks], [0.5] * count, start, space)


def one_by_one(spec: SequencePolicy, parameters: Parameters, taught: Results, number: int) -> Iterator[float]:
    """The log-probability of each decision of a lesson, heard alone."""
    reader = SequenceReader(spec, taught.space)
    walk, listener = Walk(taught.space, taught.start), reader.listener(parameters)
    for choice in taught.lessons[number].decisions:
        (sums,) = listener.chances([walk])
        chances = np.diff([0.0, *sums])
        yield float(np.log(chances[choice]))
        walk.answer(choice)


@pytest.mark.parametrize(("spec", "space", "start"), CASES)
def test_replay_equals_sampling(spec: SequencePolicy, space: Space, start: NetworkSpec) -> None:
    """What learning thinks of each decision is what it was drawn with, question by question."""
    parameters, taught = exact(spec, space), lessons(space, start, 4)
    script = SequenceReader(spec, space).script(taught)
    expected = [list(one_by_one(spec, parameters, taught, number)) for number in range(4)]
    seen = script.likelihood(parameters)
    assert seen.log_probabilities.tolist() == pytest.approx(list(chain.from_iterable(expected)), abs=1e-9)
    lengths = [len(each) for each in expected]
    assert script.owners.tolist() == [number for number, length in enumerate(lengths) for _ in range(length)]
    assert (seen.entropies > 0).any()


@pytest.mark.parametrize(("spec", "space", "start"), CASES)
def test_batches_do_not_mix(spec: SequencePolicy, space: Space, start: NetworkSpec) -> None:
    """Walks that are drawn together are drawn as each would be by itself, in the second batch too."""
    parameters = exact(spec, space)
    wanted = Request(space, start, seed=0, count=2)
    sampler = Sampler(SequenceReader(spec, space).listener(parameters), wanted, np.random.default_rng(0))
    walks = [walk for walk, _ in zip(sampler.walks(), range(20), strict=False)]
    taught = Results(space, start, 0, tuple(Lesson(walk.decisions, 1, 0.5) for walk in walks))
    seen = SequenceReader(spec, space).script(taught).likelihood(parameters).log_probabilities
    alone = [each for number in range(20) for each in one_by_one(spec, parameters, taught, number)]
    assert seen.tolist() == pytest.approx(alone, abs=1e-9)


def likely(spec: SequencePolicy, space: Space, start: NetworkSpec, decisions: tuple[int, ...]) -> list[float]:
    """The log-probability of each decision, with weights that make it depend on all that is known."""
    parameters = {name: 3 * value for name, value in exact(spec, space).items()}
    taught = Results(space, start, 0, (Lesson(decisions, 1, 0.5),))
    seen: list[float] = (
        SequenceReader(spec, space).script(taught).likelihood(parameters).log_probabilities.tolist()
    )
    return seen


def test_what_is_forgotten() -> None:
    """eas says of each layer by itself how wide it gets, nas in the light of what it has said before."""
    space = LayerSpace(new_layers=0, widen=(2.0,))
    places = len(finish(Walk(space, CHAIN), 0).decisions)
    first, other = (0,) * places, (1,) + (0,) * (places - 1)
    assert likely(EasController(**SIZES), space, CHAIN, first)[-1] == pytest.approx(
        likely(EasController(**SIZES), space, CHAIN, other)[-1]
    )
    assert likely(NasController(**SIZES), space, CHAIN, first)[-1] != pytest.approx(
        likely(NasController(**SIZES), space, CHAIN, other)[-1]
    )


def test_layers_are_told_apart() -> None:
    """The same question about another layer is answered otherwise, also where nothing is remembered."""
    found = likely(EasController(**SIZES), LayerSpace(new_layers=0, widen=(2.0,)), CHAIN, (0, 0, 0))
    assert len({round(each, 9) for each in found}) == 3


def test_an_anchor_is_looked_at() -> None:
    """What a question points back to counts, even where nothing else of memory is looked at."""

    class Forgetful(NasController):
        FORGETS = frozenset({"choose"})

    _, second, third = likely(Forgetful(**SIZES), PointingSpace(), CHAIN, (0, 0, 0))
    assert third != pytest.approx(second)
    ear = Ear(PointingSpace())
    walk = Walk(PointingSpace(), CHAIN)
    walk.answer(0)
    walk.answer(0)
    assert walk.question
    assert Columns.of([ear.hear(walk.question, 0)]).anchors.tolist() == [1]


def test_gradient_reaches_every_parameter() -> None:
    """Nothing is left out of what is learned."""
    spec, space = NasController(**SIZES), JointSpace(new_layers=1)
    parameters = {name: value.requires_grad_() for name, value in exact(spec, space).items()}
    seen = SequenceReader(spec, space).script(lessons(space, PYRAMID, 6)).likelihood(parameters)
    seen.log_probabilities.sum().backward()  # type: ignore[no-untyped-call]
    assert {name for name, value in parameters.items() if value.grad is None} == set()
    dead = {name for name, value in parameters.items() if value.grad is not None and not value.grad.any()}
    assert dead <= {"merge.hidden.weight", "merge.hidden.bias"}


@pytest.mark.parametrize(
    "spec",
    [
        EasController(**SIZES),
        pytest.param(N2nController(**SIZES), marks=pytest.mark.long),
        pytest.param(NasController(**SIZES), marks=pytest.mark.long),
    ],
)
def test_it_learns(spec: SequencePolicy) -> None:
    """Rewards for one answer make it likelier: it is given most of the time after some rounds."""
    space = JointSpace(cells=None, new_layers=2, removals=0, widths=(2.0,))
    controller, state = make_controller(spec, 0), None

    def wide(draw: Draw) -> float:
        return float(sum(draw.network.parts.widths.values()))

    means = []
    for seed in range(25):
        draws = controller.propose(state, Request(space, CHAIN, seed, count=10))
        rewards = [wide(draw) for draw in draws]
        means.append(sum(rewards) / len(rewards))
        state, _ = controller.learn(state, results(draws, rewards, CHAIN, space))
    assert sum(means[-5:]) > 1.3 * sum(means[:5])


def test_heads_are_as_many_as_the_space_has() -> None:
    """A space's heads decide what there is to learn."""
    shapes = SequenceReader(NasController(**SIZES), PointingSpace()).shapes()
    assert shapes["heads"] == (1, 3)
    assert shapes["answers"] == (3, 3)
    assert shapes["choose.last.weight"][1] == 2
