"""Searches made up to be shown."""

from typing import Any

from nasflow.search.budget import Budget
from nasflow.search.controls import Finalist, OnTest
from nasflow.search.ledger import Ledger, LedgerFinal, LedgerRound
from nasflow.search.measures import Measured
from nasflow.search.record import Attempt, Epoch, FailedRecord, Receipt, TrainedRecord
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.rounds import Arm, ControllerUpdate, Episode, FinishRecord, Proposal, SearchStop
from nasflow.spec.child import ChildSpec
from nasflow.spec.data import DataFacts, DataSpec
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.origin import Scratch
from nasflow.spec.parts import Parts
from nasflow.spec.recipe import Recipe
from nasflow.spec.tree import START_CELL, Tree

HOST = DenseNet(growth=4, blocks=1, stages=1)
RECIPE = Recipe(epochs=2)
DATA = DataSpec(name="digits", held_out=10)
CELL = Tree.parse("add( 3x3G -> ( ds3 ), 3x3G )")


class Searches:
    """Schema-valid searches with made-up figures."""

    def config(self, name: str, **changes: Any) -> ResolvedConfig:
        """A configuration called `name`, with other settings where they are given."""
        given = {
            "name": name,
            "data": DATA,
            "host": HOST,
            "start": RECIPE,
            "child": RECIPE,
            "objective": "held_out_accuracy",
            "children_per_round": 3,
            "budget": Budget(rounds=3),
            "finish": {"host": HOST, "recipe": Recipe(epochs=3)},
        }
        return ResolvedConfig.model_validate(given | changes)

    def final_spec(self) -> ChildSpec:
        """The final network's spec: images of one channel, 8 x 8, 10 classes."""
        facts = DataFacts(
            spec=DATA,
            fingerprint="0" * 64,
            channels=1,
            size=8,
            classes=10,
            train_images=100,
            held_out_images=10,
            mean=(0.5,),
            std=(0.25,),
        )
        network = NetworkSpec(host=HOST, parts=Parts(cell=CELL), channels=1, size=8, classes=10)
        return ChildSpec(network=network, origin=Scratch(), data=facts, recipe=Recipe(epochs=3), seed=1)

    def start_spec(self) -> ChildSpec:
        """The start network's spec, on the same images."""
        final = self.final_spec()
        return final.model_copy(
            update={"network": final.network.with_parts(Parts()), "recipe": RECIPE, "seed": 0}
        )

    def measures(self, accuracy: float | None) -> dict[str, Measured]:
        """What a record holds; a failed one, without an accuracy, what can be counted."""
        found = {
            "parameters": Measured(value=1000, unit="parameters"),
            "mult_adds": Measured(value=20000, unit="mult-adds"),
        }
        if accuracy is not None:
            found["held_out_accuracy"] = Measured(value=accuracy, unit="share")
            found["held_out_loss"] = Measured(value=1.5, unit="nats")
            found["latency"] = Measured(value=0.004, unit="seconds", device="cpu")
        return found

    def record(self, child: str, cell: Tree = CELL, accuracy: float = 0.75) -> TrainedRecord:
        """A trained child."""
        receipt = Receipt(
            difference=1e-8,
            tolerance=1e-6,
            images=10,
            parent_accuracy=0.5,
            birth_accuracy=0.5,
            edits=(),
        )
        return TrainedRecord(
            child=child,
            parts=Parts(cell=cell),
            measures=self.measures(accuracy),
            weights="0" * 64,
            receipt=receipt if cell == CELL else None,
            history=tuple(self.epoch(number) for number in (1, 2)),
        )

    def epoch(self, number: int) -> Epoch:
        """One epoch's figures."""
        return Epoch(
            epoch=number,
            train_loss=2.0 / number,
            train_accuracy=0.25 * number,
            held_out_loss=3.0 / number,
            held_out_accuracy=0.25 * number,
            learning_rate=0.01,
        )

    def failed(self, child: str) -> FailedRecord:
        """A child that could not be trained."""
        return FailedRecord(
            child=child,
            parts=Parts(cell=CELL),
            measures=self.measures(None),
            failure="loss is NaN in epoch 1",
        )

    def round(self, number: int, children: int = 3) -> LedgerRound:
        """A complete round: its second child is of the random arm, its third has failed."""
        ids = tuple(f"{number:08x}{place:08x}" for place in range(children))
        episodes = tuple(
            Episode(
                arm=Arm.RANDOM if place % 3 == 1 else Arm.CONTROLLER,
                parts=CELL,
                decisions=(0, 1),
                tries=1,
            )
            for place in range(children)
        )
        records = tuple(
            self.failed(child) if place % 3 == 2 else self.record(child, accuracy=0.5 + number / 100)
            for place, child in enumerate(ids)
        )
        return LedgerRound(
            proposal=Proposal(round=number, controller=None, seed=number, episodes=episodes, children=ids),
            records=records,
            update=ControllerUpdate(round=number, controller=None, metrics={"entropy": 1.5}),
        )

    def running(self, name: str, rounds: int = 1, children: int = 3) -> Ledger:
        """A search after `rounds` rounds."""
        start = self.record(self.start_spec().id, START_CELL)
        attempt = Attempt(
            child=start.child, number=1, device="cpu", seconds=7, kept_seconds=7, outcome="useful"
        )
        return Ledger(
            config=self.config(name),
            start_spec=self.start_spec(),
            start=start,
            rounds=tuple(self.round(number, children) for number in range(1, rounds + 1)),
            attempts=(attempt,),
        )

    def retrained(self, name: str) -> Ledger:
        """A search that has its final network and not yet its finish."""
        stop = SearchStop(reason="budget", detail="2 rounds", rounds=2, best="0000000200000000")
        final = self.record(self.final_spec().id, accuracy=0.875)
        finalist = Finalist(seed=self.final_spec().seed, child=final.child)
        known = (LedgerFinal(finalist=finalist, spec=self.final_spec(), record=final),)
        return self.running(name, 2).model_copy(update={"stop": stop, "finals": known})

    def finished(self, name: str) -> Ledger:
        """A search that is over."""
        ledger = self.retrained(name)
        finish = FinishRecord(
            child="0000000200000000",
            held_out_accuracy=0.875,
            test_images=80,
            tested=(OnTest(finalist=ledger.finals[0].finalist, right=65),),
        )
        return ledger.model_copy(update={"finish": finish})
