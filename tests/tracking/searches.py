"""Searches made up to be shown."""

from nasflow.search.budget import Budget
from nasflow.search.config import Finish, SearchConfig
from nasflow.search.ledger import Ledger, LedgerRound
from nasflow.search.record import Attempt, ChildRecord, Epoch, Receipt
from nasflow.search.rounds import Arm, ControllerUpdate, Episode, FinishRecord, Proposal, SearchStop
from nasflow.spec.child import ChildSpec
from nasflow.spec.data import DataFacts, DataSpec
from nasflow.spec.hosts import DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.recipe import Recipe
from nasflow.spec.tree import START_CELL, Tree

HOST = DenseNet(growth=4, blocks=1, stages=1)
RECIPE = Recipe(epochs=2)
DATA = DataSpec(name="digits", held_out=10)
CELL = Tree.parse("add( 3x3G -> ( ds3 ), 3x3G )")


class Searches:
    """Schema-valid searches with made-up figures."""

    def config(self, name: str, seed: int = 0) -> SearchConfig:
        """A configuration called `name`."""
        return SearchConfig(
            name=name,
            seed=seed,
            data=DATA,
            host=HOST,
            start=RECIPE,
            child=RECIPE,
            children_per_round=3,
            budget=Budget(rounds=3),
            finish=Finish(host=HOST, recipe=Recipe(epochs=3)),
        )

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
        network = NetworkSpec(host=HOST, cell=CELL, channels=1, size=8, classes=10)
        return ChildSpec(network=network, parent=None, data=facts, recipe=Recipe(epochs=3), seed=1)

    def record(self, child: str, cell: Tree = CELL, accuracy: float = 0.75) -> ChildRecord:
        """A trained child."""
        receipt = Receipt(
            difference=1e-8,
            tolerance=1e-6,
            images=10,
            parent_accuracy=0.5,
            birth_accuracy=0.5,
            transforms=(),
        )
        return ChildRecord(
            child=child,
            cell=cell,
            status="trained",
            accuracy=accuracy,
            parameters=1000,
            mult_adds=20000,
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

    def failed(self, child: str) -> ChildRecord:
        """A child that could not be trained."""
        return ChildRecord(
            child=child,
            cell=CELL,
            status="failed",
            failure="loss is NaN in epoch 1",
            parameters=1000,
            mult_adds=20000,
        )

    def round(self, number: int, children: int = 3) -> LedgerRound:
        """A complete round: its second child is of the random arm, its third has failed."""
        ids = tuple(f"{number:08x}{place:08x}" for place in range(children))
        episodes = tuple(
            Episode(
                arm=Arm.RANDOM if place % 3 == 1 else Arm.CONTROLLER,
                cell=CELL,
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
        start = self.record("5" * 16, START_CELL)
        attempt = Attempt(
            child=start.child, number=1, device="cpu", seconds=7, kept_seconds=7, outcome="useful"
        )
        return Ledger(
            config=self.config(name),
            start_spec=self.final_spec(),
            start=start,
            rounds=tuple(self.round(number, children) for number in range(1, rounds + 1)),
            attempts=(attempt,),
        )

    def retrained(self, name: str) -> Ledger:
        """A search that has its final network and not yet its finish."""
        stop = SearchStop(reason="budget", detail="2 rounds", rounds=2, best="0000000200000000")
        final = self.record(self.final_spec().id, accuracy=0.875)
        return self.running(name, 2).model_copy(update={"stop": stop, "final": final})

    def finished(self, name: str) -> Ledger:
        """A search that is over."""
        finish = FinishRecord(
            child="0000000200000000",
            final=self.final_spec().id,
            held_out_accuracy=0.875,
            test_accuracy=0.8125,
            test_images=100,
        )
        return self.retrained(name).model_copy(update={"finish": finish})
