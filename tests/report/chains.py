"""SYNTHETIC ledgers of a space without cells."""

from nasflow.search.ledger import Ledger, LedgerRound
from nasflow.search.record import Receipt, TrainedRecord
from nasflow.search.rounds import Arm, Episode, Proposal
from nasflow.spec.hosts import Chain
from nasflow.spec.parts import Parts, Width
from nasflow.spec.recipe import Recipe

from .synthetic import empty_ledger, measures, start_spec, synthetic_config

WIDTHS = """
from typing import ClassVar, Literal
from nasflow.search.spaces import Space

class Widths(Space):
    changes: ClassVar[str | None] = "width"
    kind: Literal["widths"] = "widths"
"""
"""The module of a space that changes no cell, for a package that a test installs."""


def chain_ledger() -> Ledger:
    """A running search for widths in a chain, two generations; the space `widths` must be installed."""
    host = Chain(widths=(32, 64))
    space, controller = {"kind": "widths"}, {"kind": "random"}
    last = {"host": host, "recipe": Recipe(epochs=1)}
    config = synthetic_config(2, host=host, finish=last, space=space, controller=controller, parents="found")
    start = start_spec(config).id
    narrow = [Parts(own={"layers.0.weight": Width(channels=number)}) for number in (24, 16)]
    parents = (start, "0" * 16)
    records = [
        TrainedRecord(
            child=f"{number:016x}",
            parts=parts,
            measures=measures(0.88 + number / 100, 20_000 - number, 3e6),
            weights="d" * 64,
            receipt=Receipt(
                difference=0.1, tolerance=None, images=512, parent_accuracy=0.88, birth_accuracy=0.7, edits=()
            ),
        )
        for number, parts in enumerate(narrow)
    ]
    episodes = tuple(
        Episode(arm=Arm.RANDOM, decisions=(0,), tries=1, parts=parts, parent=parent)
        for parts, parent in zip(narrow, parents, strict=True)
    )
    ids = tuple(record.child for record in records)
    proposal = Proposal(round=1, controller=None, seed=1, episodes=episodes, children=ids)
    first = TrainedRecord(child=start, parts=Parts(), measures=measures(0.88, 21_000, 3e6), weights="d" * 64)
    return empty_ledger(config, start=first, rounds=(LedgerRound(proposal=proposal, records=tuple(records)),))
