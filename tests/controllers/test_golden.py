"""What each controller proposed before the general bones (tests/golden/README.md), it proposes still."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from nasflow.base.seeds import derive
from nasflow.controllers import Draw, Lesson, Request, Results, make_controller
from nasflow.search.controller import AnyController, ControllerSpec
from nasflow.search.spaces import PathSpace
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.studies.rehearsal import rewards

CASES = json.loads((Path(__file__).parents[1] / "golden/proposals.json").read_text())
PER_ROUND = 10
FAILED = 3
"""Number of the child in a round that fails, in a case where one does."""
CHILDREN, CHILDREN_OF_A_SMALL_SPACE = 50, 60


def name(case: dict[str, Any]) -> str:
    """What a case is about, for people."""
    parts = (case["controller"]["kind"], case["reward"], case["seed"], "space" if "space" in case else "")
    return "-".join(str(part) for part in parts if part != "")


def _is_like(case: dict[str, Any]) -> bool:
    return (case["controller"]["kind"], case["reward"]) == ("paper", "structured")


@pytest.mark.parametrize(
    "case",
    [
        # The two kinds of policy draw alike: of the paper's no second reward is waited for.
        pytest.param(case, id=name(case), marks=[pytest.mark.long] if case["seed"] or _is_like(case) else [])
        for case in CASES
    ],
)
def test_the_same_proposals(case: dict[str, Any]) -> None:
    """Cell by cell, decision by decision and try by try, over several lessons."""
    found = [[str(each.network.parts.cell), list(each.decisions), each.tries] for each in proposed(case)]
    assert len(found) == case["count"]
    assert found == case.get("episodes", found)
    assert hashlib.sha256(json.dumps(found, separators=(",", ":")).encode()).hexdigest() == case["digest"]


def proposed(case: dict[str, Any]) -> list[Draw]:
    """All that the controller of a case draws while it learns from the case's rewards."""
    adapter: TypeAdapter[ControllerSpec] = TypeAdapter(AnyController)
    controller = make_controller(
        adapter.validate_python(case["controller"]), derive(case["seed"], "controller")
    )
    space = PathSpace.model_validate(case.get("space", {}))
    host = DenseNet(growth=48, blocks=1, groups=2)
    start = NetworkSpec(host=host, parts=case["start"], channels=3, size=32, classes=10)
    reward = rewards(0)[case["reward"]]
    state: bytes | None = None
    found: list[Draw] = []
    while len(found) < (CHILDREN_OF_A_SMALL_SPACE if "space" in case else CHILDREN):
        seed = derive(case["seed"], "round", len(found))
        # The start was taken by its text as it is given.
        taken = frozenset({str(start.parts), *(each.network.name for each in found)})
        draws = controller.propose(state, Request(space, start, seed, PER_ROUND, taken))
        if not draws:
            break
        lessons = tuple(
            Lesson(
                draw.decisions,
                draw.tries,
                None if case["failing"] and number == FAILED else reward(draw.network.parts.cell),
            )
            for number, draw in enumerate(draws)
        )
        state, _ = controller.learn(state, Results(space, start, seed, lessons))
        found += draws
    return found
