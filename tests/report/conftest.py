"""SYNTHETIC ledgers: valid by the schema, every number made up. For tests of the report only."""

import random
from collections.abc import Callable

import pytest

from nasflow.search.config import Budget, Finish, SearchConfig
from nasflow.search.ledger import Ledger, LedgerRound
from nasflow.search.record import (
    Arm,
    Attempt,
    ChildRecord,
    ControllerUpdate,
    Episode,
    Epoch,
    FinishRecord,
    Proposal,
    Receipt,
    SearchStop,
    TransformReceipt,
)
from nasflow.spec.data import DataSpec
from nasflow.spec.growth import plan
from nasflow.spec.host import DenseNet
from nasflow.spec.recipe import Recipe
from nasflow.spec.tree import CELL_OPERATIONS, START_CELL, Branch, Merge, Node, Operation, Tree

MakeLedger = Callable[..., Ledger]
_MIXERS = [operation for operation in CELL_OPERATIONS if operation.mixes_channels]


@pytest.fixture(scope="session")
def make_ledger() -> MakeLedger:
    """Builds a synthetic ledger: `make_ledger(rounds=3, per_round=10, failed=0.1, finished=True)`."""
    return synthetic_ledger


@pytest.fixture(scope="session")
def config() -> SearchConfig:
    """A valid configuration without any results."""
    return synthetic_config()


def synthetic_config(name: str = "synthetic", per_round: int = 10, controller: str = "path") -> SearchConfig:
    """A search of the paper's shape on a small data set."""
    return SearchConfig.model_validate(
        {
            "name": name,
            "data": DataSpec(name="fashion-mnist", path="/data/fashion", held_out=5000),
            "host": DenseNet(growth=12, blocks=1),
            "start": Recipe(epochs=20),
            "controller": {"kind": controller},
            "children_per_round": per_round,
            "budget": Budget(children=500),
            "finish": Finish(host=DenseNet(growth=48, blocks=6, groups=2), recipe=Recipe(epochs=300)),
        }
    )


def synthetic_ledger(
    rounds: int = 3, per_round: int = 10, failed: float = 0.1, finished: bool = False, seed: int = 0
) -> Ledger:
    """A search in which cells improve slowly and everything that can happen to a child happens."""
    draw = random.Random(seed)
    start = ChildRecord(
        child="5a5a5a5a5a5a5a5a",
        cell=START_CELL,
        status="trained",
        accuracy=0.8812,
        parameters=41_000,
        mult_adds=9_100_000,
        history=_history(draw, 0.8812),
    )
    all_rounds = tuple(_round(draw, number, per_round, failed) for number in range(1, rounds + 1))
    ledger = Ledger(
        config=synthetic_config(per_round=per_round),
        start=start,
        rounds=all_rounds,
        attempts=tuple(_attempts(draw, all_rounds)),
    )
    return _finish(ledger) if finished else ledger


def _round(draw: random.Random, number: int, per_round: int, failed: float) -> LedgerRound:
    episodes, records = [], []
    for place in range(per_round):
        arm = Arm.RANDOM if place >= 0.8 * per_round else Arm.CONTROLLER
        cell = random_cell(draw)
        episodes.append(Episode(arm=arm, cell=cell, decisions=(1, 0), tries=draw.randint(1, 3)))
        gain = 0.004 * number**0.5 if arm is Arm.CONTROLLER else 0.0
        accuracy = None if draw.random() < failed else 0.875 + gain + draw.gauss(0, 0.006)
        records.append(_record(draw, number * 1000 + place, cell, accuracy))
    ids = tuple(record.child for record in records)
    banked = tuple(each for each in ids if draw.random() < 0.04)
    return LedgerRound(
        proposal=Proposal(
            round=number, controller=None, seed=number, episodes=tuple(episodes), children=ids, banked=banked
        ),
        records=tuple(records),
        update=ControllerUpdate(round=number, controller="c" * 64, metrics={"entropy": 1.0}),
    )


def _record(draw: random.Random, number: int, cell: Tree, accuracy: float | None) -> ChildRecord:
    edges = sum(1 for _ in cell.edges())
    transforms = tuple(
        TransformReceipt(transform=each, difference=draw.random() * 3e-7) for each in plan(START_CELL, cell)
    )
    return ChildRecord(
        child=f"{number:016x}",
        cell=cell.canonical(),
        status="failed" if accuracy is None else "trained",
        failure="the loss is NaN in epoch 3 of 20" if accuracy is None else None,
        accuracy=accuracy,
        parameters=41_000 + 2_600 * edges + draw.randrange(900),
        mult_adds=9_100_000 + 410_000 * edges + draw.randrange(90_000),
        weights=None if accuracy is None else "d" * 64,
        receipt=Receipt(
            difference=4.1e-7,
            tolerance=1e-6,
            images=512,
            parent_accuracy=0.8812,
            birth_accuracy=0.8812,
            transforms=transforms,
        ),
        history=_history(draw, accuracy) if accuracy else (),
    )


def _history(draw: random.Random, accuracy: float, epochs: int = 20) -> tuple[Epoch, ...]:
    def at(epoch: int) -> float:
        return accuracy - 0.05 * (1 - epoch / epochs) ** 2 + draw.gauss(0, 0.002) * (epoch < epochs)

    return tuple(
        Epoch(
            epoch=epoch,
            train_loss=0.5 - 0.01 * epoch,
            train_accuracy=min(1.0, at(epoch) + 0.02),
            held_out_loss=0.5,
            held_out_accuracy=at(epoch),
            learning_rate=0.035 * (1 - epoch / epochs),
        )
        for epoch in range(1, epochs + 1)
    )


def _attempts(draw: random.Random, rounds: tuple[LedgerRound, ...]) -> list[Attempt]:
    attempts = []
    for each in rounds:
        for record in each.records:
            if record is None or record.child in each.proposal.banked:
                continue
            if draw.random() < 0.1:
                attempts.append(_attempt(record.child, 1, 300.0, 240.0, None))
            outcome = "failed" if record.status == "failed" else "useful"
            attempts.append(_attempt(record.child, 2, 600.0, 600.0, outcome))
    return attempts


def _attempt(child: str, number: int, seconds: float, kept: float, outcome: str | None) -> Attempt:
    return Attempt.model_validate(
        {
            "child": child,
            "number": number,
            "device": "NVIDIA L4",
            "seconds": seconds,
            "kept_seconds": kept,
            "outcome": outcome,
        }
    )


def _finish(ledger: Ledger) -> Ledger:
    winner = max((each for each in ledger.children if each.accuracy), key=lambda each: each.accuracy or 0)
    final = winner.model_copy(
        update={"child": "f" * 16, "parameters": 3_200_000, "mult_adds": 620_000_000, "receipt": None}
    )
    return ledger.model_copy(
        update={
            "stop": SearchStop(
                reason="budget", detail="500 children", rounds=len(ledger.rounds), best=winner.child
            ),
            "final": final,
            "final_start": final.model_copy(update={"child": "e" * 16, "cell": START_CELL}),
            "finish": FinishRecord(
                child=winner.child,
                final=final.child,
                held_out_accuracy=winner.accuracy or 0.0,
                test_accuracy=0.9366,
                test_images=10_000,
                start_final="e" * 16,
                start_test_accuracy=0.9291,
            ),
        }
    )


def random_cell(draw: random.Random, depth: int = 3) -> Tree:
    """A cell that transforms can grow from the start cell, by the paper's space."""
    merge = draw.choice([Merge.NONE, Merge.ADD, Merge.ADD])
    count = 1 if merge is Merge.NONE else draw.choice([2, 3])
    branches = tuple(
        Branch(operation=Operation.HOST, child=_random_node(draw, depth - 1)) for _ in range(count)
    )
    return Tree(root=Node(merge=merge, branches=branches))


def _random_node(draw: random.Random, depth: int) -> Node:
    merge = draw.choice([Merge.NONE, Merge.ADD, Merge.CONCAT, Merge.CUT])
    count = 1 if merge is Merge.NONE else 2
    mixer = draw.choice(_MIXERS)
    return Node(merge=merge, branches=tuple(_random_branch(draw, depth, merge, mixer) for _ in range(count)))


def _random_branch(draw: random.Random, depth: int, merge: Merge, mixer: Operation) -> Branch:
    operation = mixer if merge is Merge.CUT else draw.choice(CELL_OPERATIONS)
    has_child = depth > 1 and draw.random() < 0.7
    return Branch(operation=operation, child=_random_node(draw, depth - 1) if has_child else None)
