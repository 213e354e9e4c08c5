"""What every space must do."""

from collections.abc import Callable
from itertools import combinations, islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.search.spaces.samples import GROWN, TINY, every_name, finish, network_of

from nasflow.base.document import Document
from nasflow.base.errors import InvalidSpec
from nasflow.measure import counted
from nasflow.search.spaces import (
    AnySpace,
    ChainSpace,
    JointSpace,
    LayerSpace,
    PathSpace,
    RemovalSpace,
    Space,
    Walk,
    replay,
)
from nasflow.search.spaces.protocol import every_episode
from nasflow.spec.edits import AnyEdit, apply_all
from nasflow.spec.hosts import Chain, DenseNet, Host, PyramidNet, Written
from nasflow.spec.network import NetworkSpec
from nasflow.spec.places import check_parts
from nasflow.spec.tree import START_CELL, Operation, Tree

Case = tuple[Space, NetworkSpec]

FAST = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Holder(Document):
    """A document round a space and some edits."""

    space: AnySpace
    edits: tuple[AnyEdit, ...] = ()


def path_case(cell: Tree, **known: Any) -> Callable[[], Case]:
    """A path space, and where it starts."""
    return lambda: (PathSpace(**known), network_of(cell))


def widths_case(*layers: int) -> Callable[[], Case]:
    """The space that is plugged in, and a chain of layers; without one, a host that has no widths."""

    def case() -> Case:
        space = Holder.from_data({"space": {"kind": "widths", "widths": [2, 4, 6]}}, "here").space
        if not layers:
            return space, network_of()
        return space, NetworkSpec(host=Chain(widths=layers), channels=1, size=8, classes=10)

    return case


def layers_case(space: Space, host: Host) -> Callable[[], Case]:
    """A space of layers, and the host that it starts from."""
    return lambda: (space, NetworkSpec(host=host, channels=1, size=8, classes=10))


DENSE = DenseNet(growth=4, blocks=1, stages=2)

LARGE = {
    "path": path_case(START_CELL),
    "path, from a grown cell": path_case(GROWN),
    "path, without the identity": path_case(
        START_CELL, max_depth=2, operations=(Operation.DS3, Operation.MAX3)
    ),
    "widths": widths_case(4, 4, 4, 8),
    "widths, without a layer for one": widths_case(),
    "layer": layers_case(LayerSpace(), DENSE),
    "layer, of a chain": layers_case(LayerSpace(new_layers=1), Chain(widths=(4, 4, 8))),
    "removal": layers_case(RemovalSpace(), Chain(widths=(4, 4, 8, 8))),
    "removal, where nothing can go": layers_case(RemovalSpace(), DENSE),
    "joint": layers_case(JointSpace(new_layers=1), PyramidNet(widening=4, blocks=1, stages=2, start=4)),
    "chain": layers_case(ChainSpace(), Written(layers=4)),
    "joint, without cells": layers_case(JointSpace(cells=None), Chain(widths=(4, 4, 8))),
}
"""Spaces as searches have them."""

SMALL = {
    "path": lambda: (TINY, network_of()),
    "path, from a grown cell": lambda: (TINY, network_of(GROWN)),
    "path, nothing to decide": path_case(Tree.parse("add( 3x3G, 3x3G )"), max_depth=1),
    "path, several ways to one cell": path_case(
        START_CELL, max_depth=2, add_branches=(2, 3), concat_branches=(), operations=(Operation.MAX3,)
    ),
    "widths": widths_case(4, 4),
    "widths, of which none is the host's": widths_case(5, 5),
    "layer": layers_case(LayerSpace(widen=(2.0,), kernels=(3,)), Chain(widths=(4, 4))),
    "removal": layers_case(RemovalSpace(narrow=(0.5,), removals=1), Chain(widths=(4, 4))),
    "chain": layers_case(ChainSpace(kernels=(3,), filters=(4, 6)), Written(layers=2, filters=4)),
    "joint": layers_case(JointSpace(widths=(0.5,), kernels=(3,), new_layers=1), Chain(widths=(4, 4))),
}
"""Spaces of which every episode can be looked at."""


@pytest.fixture(params=LARGE)
def case(request: pytest.FixtureRequest, plugins: Path) -> Case:
    """Each kind of space, as searches have it."""
    made: Case = LARGE[str(request.param)]()
    return made


@pytest.fixture(params=SMALL)
def small(request: pytest.FixtureRequest, plugins: Path) -> Case:
    """Each kind of space, small."""
    made: Case = SMALL[str(request.param)]()
    return made


@FAST
@given(seed=st.integers(0, 10**6))
def test_questions(case: Case, seed: int) -> None:
    """Each question is of a head, with its number of options, some legal; it is asked once, and they end."""
    space, start = case
    heads, asked = space.heads(), set()
    walk = Walk(space, start)
    for choice in finish(Walk(space, start), seed).decisions:
        question = walk.question
        assert question
        assert len(question.legal) == heads[question.head]
        assert question.options
        assert (question.head, question.about) not in asked
        asked.add((question.head, question.about))
        walk.answer(choice)
    assert walk.question is None


@FAST
@given(seed=st.integers(0, 10**6))
def test_same_answers_same_network(case: Case, seed: int) -> None:
    """The same answers meet the same questions and make the same network, one of the start's host."""
    space, start = case
    walk, again = finish(Walk(space, start), seed), Walk(space, start)
    for choice in walk.decisions:
        assert again.question
        again.answer(choice)
    assert again.network == walk.network == replay(space, start, walk.decisions)
    assert walk.network.with_parts(start.parts) == start
    assert start.host.places is not None
    check_parts(walk.network.parts, start.host.places)


@FAST
@given(seed=st.integers(0, 10**6))
def test_illegal_answers(case: Case, seed: int) -> None:
    """What is not legal is refused with the place, and so are too few answers and too many."""
    space, start = case
    decisions = finish(Walk(space, start), seed).decisions
    walk = Walk(space, start)
    for choice in decisions:
        assert walk.question
        for wrong in {-1, *range(len(walk.question.legal) + 1)} - set(walk.question.options):
            with pytest.raises(InvalidSpec, match=f"decision {len(walk.decisions) + 1} "):
                walk.answer(wrong)
        walk.answer(choice)
    with pytest.raises(InvalidSpec, match="has no question: the episode is over"):
        walk.answer(0)
    if decisions:
        with pytest.raises(InvalidSpec, match="decisions are too few"):
            replay(space, start, decisions[:-1])


@FAST
@given(seed=st.integers(0, 10**6))
def test_edits(case: Case, seed: int) -> None:
    """The edits from the start make a network of the same name, and nothing is to be done to stay.

    A space whose networks do not inherit has no others.
    """
    space, start = case
    network = finish(Walk(space, start), seed).network
    edits = space.edits(start, network)
    assert space.edits(start, start) == space.edits(network, network) == ()
    if not space.inherits:
        assert edits == (() if network == start else None)
        return
    assert edits is not None
    assert apply_all(edits, start).name == network.name
    assert space.edits(start, network) == edits
    holder = Holder(space=space, edits=edits)
    assert Holder.from_json(holder.to_bytes(), "here") == holder


@FAST
@given(one=st.integers(0, 10**6), other=st.integers(0, 10**6))
def test_edits_from_any_parent(case: Case, one: int, other: int) -> None:
    """From another network of the space there are edits that work, or none."""
    space, start = case
    parent, network = (finish(Walk(space, start), seed).network for seed in (one, other))
    edits = space.edits(parent, network)
    assert edits is None or apply_all(edits, parent).name == network.name


@FAST
@given(seed=st.integers(0, 10**6))
def test_names(case: Case, seed: int) -> None:
    """A network keeps its name in the store, and in canonical order."""
    space, start = case
    network = finish(Walk(space, start), seed).network
    assert NetworkSpec.from_json(network.to_bytes(), "here").name == network.name
    assert network.canonical().name == network.name


def test_equal_networks_have_equal_names(small: Case) -> None:
    """Networks of the space that differ in their names differ in canonical order too, and the other way."""
    known = [(network.name, network.canonical()) for _, network in islice(every_episode(*small), 60)]
    for (name, network), (other_name, other) in combinations(known, 2):
        assert (name == other_name) == (network == other)


def test_listing(small: Case) -> None:
    """It has one episode for each network that any answers lead to; None if there are more than asked."""
    space, start = small
    names = every_name(space, start)
    listed = space.listing(start, len(names))
    assert listed is not None
    assert sorted(replay(space, start, decisions).name for decisions in listed) == sorted(names)
    assert space.listing(start, len(names) - 1) is None
    assert space.listing(start, 10**6) == listed


def test_as_json(case: Case) -> None:
    """A space is read back from its JSON as what it was, and what else is written there is refused."""
    space, _ = case
    holder = Holder(space=space)
    again = Holder.from_json(holder.to_bytes(), "here")
    assert type(again.space) is type(space)
    assert again == holder
    data = holder.model_dump(mode="json")
    data["space"]["nothing_of_ours"] = 1
    with pytest.raises(InvalidSpec, match=r"unknown key 'space\.nothing_of_ours'"):
        Holder.from_data(data, "here")


@pytest.mark.parametrize("seed", range(3))
def test_what_only_grows(case: Case, seed: int) -> None:
    """A space that says so has no network that is smaller than the one that it is asked from."""
    space, start = case
    if space.only_grows:
        network = finish(Walk(space, start), seed).network
        before, after = (counted(each, ("parameters", "mult_adds")) for each in (start, network))
        assert all(after[name].value >= figure.value for name, figure in before.items())
