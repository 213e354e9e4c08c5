"""SYNTHETIC ledgers: valid by the schema, every number made up. For tests of the report only."""

import random
from typing import Any

from nasflow.search.budget import Budget
from nasflow.search.controls import Control, Finalist, OnTest
from nasflow.search.finalists import finals
from nasflow.search.ledger import Ledger, LedgerFinal, LedgerRound
from nasflow.search.measures import Measured
from nasflow.search.record import AnyRecord, Attempt, EditReceipt, Epoch, FailedRecord, Receipt, TrainedRecord
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.rounds import Arm, ControllerUpdate, Episode, FinishRecord, Proposal, SearchStop
from nasflow.spec.child import ChildSpec
from nasflow.spec.data import DataFacts, DataSpec
from nasflow.spec.edits.plan import plan
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.origin import Scratch
from nasflow.spec.parts import Parts
from nasflow.spec.recipe import Recipe
from nasflow.spec.tree import CELL_OPERATIONS, START_CELL, Branch, Merge, Node, Operation, Tree

_MIXERS = [operation for operation in CELL_OPERATIONS if operation.mixes_channels]
_START = 0.8812


def synthetic_config(per_round: int = 10, **changes: Any) -> ResolvedConfig:
    """A search of the paper's shape on a small data set, with other settings where they are given."""
    given = {
        "name": "synthetic",
        "data": DataSpec(name="fashion-mnist", path="/data/fashion", held_out=5000),
        "host": DenseNet(growth=12, blocks=1),
        "start": Recipe(epochs=20),
        "objective": "held_out_accuracy",
        "children_per_round": per_round,
        "budget": Budget(children=500),
        "finish": {"host": DenseNet(growth=48, blocks=6, groups=2), "recipe": Recipe(epochs=300)},
    }
    return ResolvedConfig.model_validate(given | changes)


def start_spec(config: ResolvedConfig) -> ChildSpec:
    """The start network of a search, on made-up images."""
    facts = DataFacts(
        spec=config.data,
        fingerprint="0" * 64,
        channels=1,
        size=28,
        classes=10,
        train_images=55_000,
        held_out_images=5000,
        mean=(0.5,),
        std=(0.25,),
    )
    network = NetworkSpec(host=config.host, parts=config.start_parts, channels=1, size=28, classes=10)
    return ChildSpec(network=network, origin=Scratch(), data=facts, recipe=Recipe(epochs=20), seed=0)


def empty_ledger(config: ResolvedConfig, **known: Any) -> Ledger:
    """A search of which nothing is known but what is given."""
    return Ledger(config=config, start_spec=start_spec(config), **known)


def measures(
    accuracy: float | None, parameters: float, mult_adds: float, **seconds: float
) -> dict[str, Measured]:
    """What a record holds; a failed one, without an accuracy, what can be counted."""
    found = {
        "parameters": Measured(value=parameters, unit="parameters"),
        "mult_adds": Measured(value=mult_adds, unit="mult-adds"),
    }
    times = {name: Measured(value=each, unit="seconds", device="NVIDIA L4") for name, each in seconds.items()}
    found |= times
    if accuracy is not None:
        found["held_out_accuracy"] = Measured(value=accuracy, unit="share")
        nats = {"held_out_loss": 3 * (1 - accuracy), "training_loss_sum": 20 * (1 - accuracy)}
        found |= {name: Measured(value=round(each, 6), unit="nats") for name, each in nats.items()}
    return found


def synthetic_ledger(
    rounds: int = 3,
    per_round: int = 10,
    failed: float = 0.1,
    finished: bool = False,
    seed: int = 0,
    **changes: Any,
) -> Ledger:
    """A search in which networks improve slowly and everything that can happen to a child happens.

    `changes` are other settings of its configuration; with `parents="found"` children grow from each other.
    """
    config = synthetic_config(per_round, **changes)
    maker = _Maker(random.Random(seed), config)
    start = TrainedRecord(
        child=maker.start.id,
        parts=config.start_parts,
        measures=measures(_START, 41_000, 9_100_000, latency=0.0031),
        weights="d" * 64,
        history=maker.history(_START),
    )
    all_rounds = tuple(maker.round(number, failed) for number in range(1, rounds + 1))
    ledger = empty_ledger(config, start=start, rounds=all_rounds, attempts=tuple(maker.attempts(all_rounds)))
    return finish(ledger) if finished else ledger


class _Maker:
    """Draws what happens, round after round."""

    def __init__(self, draw: random.Random, config: ResolvedConfig) -> None:
        self.draw, self.config, self.start = draw, config, start_spec(config)
        self.able: list[tuple[AnyRecord, float]] = []
        """The trained children with their accuracy: in a search that allows it, the best are parents."""

    def round(self, number: int, failed: float) -> LedgerRound:
        """A round: four fifths of its children are the controller's."""
        draw, count = self.draw, self.config.children_per_round
        episodes, records = [], []
        for place in range(count):
            arm = Arm.RANDOM if place >= 0.8 * count else Arm.CONTROLLER
            parent, base = self.parent()
            tree = random_cell(draw)
            gain = 0.004 * number**0.5 if arm is Arm.CONTROLLER else 0.0
            accuracy = None if draw.random() < failed else base + gain + draw.gauss(0, 0.006)
            named = {} if parent is None else {"parent": parent}
            tries = draw.randint(1, 3)
            episodes.append(Episode(arm=arm, parts=tree, decisions=(1, 0), tries=tries, **named))
            records.append(self.record(number * 1000 + place, tree, accuracy))
        self.able += [(each, each.accuracy) for each in records if isinstance(each, TrainedRecord)]
        ids = tuple(record.child for record in records)
        return LedgerRound(
            proposal=Proposal(
                round=number,
                controller=None,
                seed=number,
                episodes=tuple(episodes),
                children=ids,
                banked=tuple(each for each in ids if draw.random() < 0.04),
            ),
            records=tuple(records),
            update=ControllerUpdate(round=number, controller="c" * 64, metrics={"entropy": 1.0}),
        )

    def parent(self) -> tuple[str | None, float]:
        """Who is grown from, and its accuracy; the start network has no name, as in older searches."""
        if self.config.parents != "found":
            return None, 0.875
        best = sorted(self.able, key=lambda each: -each[1])[:6]
        if not best or self.draw.random() < 0.15:
            return self.start.id, 0.875
        record, accuracy = self.draw.choice(best)
        return record.child, accuracy - 0.1 * (accuracy - 0.875)

    def record(self, number: int, tree: Tree, accuracy: float | None) -> AnyRecord:
        """What became of a child."""
        draw, edges = self.draw, sum(1 for _ in tree.edges())
        edits = plan(START_CELL, tree)
        assert edits is not None
        figures = measures(
            accuracy,
            41_000 + 2_600 * edges + draw.randrange(900),
            9_100_000 + 410_000 * edges + draw.randrange(90_000),
            latency=0.003 + 0.0002 * edges,
        )
        known: dict[str, Any] = {
            "child": f"{number:016x}",
            "parts": Parts(cell=tree.canonical()),
            "measures": figures,
            "receipt": Receipt(
                difference=4.1e-7,
                tolerance=1e-6,
                images=512,
                parent_accuracy=_START,
                birth_accuracy=_START,
                edits=tuple(EditReceipt(edit=each, difference=draw.random() * 3e-7) for each in edits),
            ),
        }
        if accuracy is None:
            return FailedRecord(**known, failure="the loss is NaN in epoch 3 of 20")
        return TrainedRecord(**known, weights="d" * 64, history=self.history(accuracy))

    def history(self, accuracy: float, epochs: int = 20) -> tuple[Epoch, ...]:
        """A curve that ends at its accuracy."""

        def at(epoch: int) -> float:
            noise = self.draw.gauss(0, 0.002) * (epoch < epochs)
            return accuracy - 0.05 * (1 - epoch / epochs) ** 2 + noise

        return tuple(
            Epoch(
                epoch=epoch,
                train_loss=0.5 - 0.01 * epoch,
                train_accuracy=min(1.0, at(epoch) + 0.02),
                held_out_loss=3 * (1 - at(epoch)),
                held_out_accuracy=at(epoch),
                learning_rate=0.035 * (1 - epoch / epochs),
            )
            for epoch in range(1, epochs + 1)
        )

    def attempts(self, rounds: tuple[LedgerRound, ...]) -> list[Attempt]:
        """What the children have cost; some were killed once."""
        attempts = []
        for each in rounds:
            for record in each.records:
                if record is None or record.child in each.proposal.banked:
                    continue
                if self.draw.random() < 0.1:
                    attempts.append(attempt(record.child, 1, None, 300.0, 240.0, "NVIDIA L4"))
                outcome = "failed" if record.status == "failed" else "useful"
                attempts.append(attempt(record.child, 2, outcome, 600.0, 600.0, "NVIDIA L4"))
        return attempts


def attempt(
    child: str, number: int, outcome: str | None, seconds: float, kept: float, device: str = "cpu"
) -> Attempt:
    """One process's work, in seconds."""
    given = {"child": child, "number": number, "device": device, "outcome": outcome}
    return Attempt.model_validate(given | {"seconds": seconds, "kept_seconds": kept})


def finish(ledger: Ledger) -> Ledger:
    """The same search with its end."""
    winner = ledger.config.judge.best(ledger.children)
    assert winner is not None
    figures = measures(0.95, 3_200_000, 620_000_000, latency=0.021)
    stop = SearchStop(reason="budget", detail="500 children", rounds=len(ledger.rounds), best=winner.child)
    ended = ledger.model_copy(update={"stop": stop})
    found = finals(ended, widen)
    records = [
        winner.model_copy(update={"child": spec.id, "parts": spec.network.parts, "measures": figures})
        for spec in found.specs.values()
    ]
    known = tuple(
        LedgerFinal(finalist=finalist, spec=spec, record=record.model_copy(update={"receipt": None}))
        for (finalist, spec), record in zip(found.specs.items(), records, strict=True)
    )
    tested = tuple(tested_as(each) for each in found.specs)
    end = FinishRecord(
        child=winner.child, held_out_accuracy=winner.accuracy, test_images=10_000, tested=tested
    )
    return ended.model_copy(update={"finals": known, "finish": end})


RIGHT = {
    None: 9366,
    Control.START: 9291,
    Control.LONGER: 9310,
    Control.PARAMETERS: 9340,
    Control.MULT_ADDS: 9366,
    Control.RANDOM: 9480,
}
"""Of ten thousand test images."""


def tested_as(finalist: Finalist) -> OnTest:
    """How a finalist does on the test images."""
    right = RIGHT[finalist.control]
    if finalist.control is None:
        return OnTest(finalist=finalist, right=right)
    only_control = 150 + right - RIGHT[None]
    return OnTest(finalist=finalist, right=right, only_found=150, only_control=only_control)


def widen(network: NetworkSpec, measure: str, like: NetworkSpec) -> NetworkSpec:
    """By some steps."""
    return network.model_copy(update={"host": network.host.wider(3 if measure == "parameters" else 4)})


def running(ledger: Ledger) -> Ledger:
    """The same search while its last round has only its first three records."""
    last = ledger.rounds[-1]
    records = (*last.records[:3], *[None] * (len(last.records) - 3))
    unfinished = last.model_copy(update={"records": records, "update": None})
    return ledger.model_copy(update={"rounds": (*ledger.rounds[:-1], unfinished)})


def random_cell(draw: random.Random, depth: int = 3) -> Tree:
    """A cell that edits can grow from the start cell, by the paper's space."""
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
