"""How far a network is from what can be had, and that what can be had is found."""

import math
from functools import partial
from typing import Any

import pytest
from tests.search.samples import HOST, ledger

from nasflow.controllers import Request, make_controller
from nasflow.measure import counted
from nasflow.search.controller import EvolutionController, N2nController, RandomController
from nasflow.search.ledger import Ledger
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts, Width
from nasflow.steps.propose import excess

ADOPTED = {"kind": "adopted", "network": "tests.networks.strangers:PostActivation", "cells": "*"}
FINISH = {"recipe": {"epochs": 1}}


def size(network: NetworkSpec) -> float:
    """Parameters."""
    return counted(network, ["parameters"])["parameters"].value


def search(share: float, **changes: Any) -> Ledger:
    """One whose networks may have this share of the start's parameters."""
    known: dict[str, Any] = {"host": HOST, "controller": {"kind": "random"}, **changes}
    known = {"finish": FINISH | {"host": known["host"]}, **known}
    start = ledger(**known).start_spec.network
    return ledger(limits={"parameters": share * size(start)}, **known)


def test_how_far_a_network_is() -> None:
    """By how many times it is too large, searched and at full size; inf if it cannot be built."""
    half = search(0.5)
    start = half.start_spec.network
    assert excess(half, start) == pytest.approx(math.log(2))
    assert excess(search(1.0), start) == 0
    larger = search(0.5, finish=FINISH | {"host": HOST | {"growth": 24}})
    full = start.model_copy(update={"host": start.host.model_copy(update={"growth": 24})})
    assert excess(larger, start) == pytest.approx(math.log(2) + math.log(2 * size(full) / size(start)))
    misfit = start.with_parts(Parts().put("stem", Width(channels=7)))
    assert excess(half, misfit) == math.inf


@pytest.mark.parametrize(
    ("space", "host"),
    [
        pytest.param("removal", HOST, marks=pytest.mark.long),
        pytest.param("removal", ADOPTED, marks=pytest.mark.long),
        pytest.param("joint", ADOPTED, marks=pytest.mark.long),
    ],
    ids=["fewer layers", "fewer layers of a stranger", "any layers of a stranger"],
)
def test_a_quarter_of_the_parameters(space: str, host: dict[str, Any]) -> None:
    """Children are found by whomever, in few looks."""
    state = search(0.25, space={"kind": space}, host=host)
    start, looks = state.start_spec.network, []

    def counting(network: NetworkSpec) -> float:
        looks.append(network)
        return excess(state, network)

    for spec in (RandomController(), EvolutionController(), N2nController(embedding=4, hidden=8)):
        wanted = Request(state.config.space, start, 1, 2, frozenset({start.name}), counting)
        draws = make_controller(spec, 0).propose(None, wanted)
        assert len({draw.network.name for draw in draws}) == 2
        assert max(size(draw.network) for draw in draws) <= size(start) / 4
    assert len(looks) < 300


@pytest.mark.parametrize(("share", "found"), [pytest.param(0.25, 0, marks=pytest.mark.long), (0.29, 1)])
def test_the_smallest_of_a_space(share: float, found: int) -> None:
    """Nothing in this space is as small as a quarter, which is found out; a little above is the smallest."""
    state = search(share, space={"kind": "joint", "cells": None, "new_layers": 0, "widths": [0.5, 0.75]})
    start = state.start_spec.network
    wanted = Request(state.config.space, start, 1, 1, frozenset({start.name}), partial(excess, state))
    assert len(make_controller(RandomController(), 0).propose(None, wanted)) == found
