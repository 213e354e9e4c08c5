"""Children that grow from other children."""

from tests.steps.samples import LONGER, TINY, config

from nasflow.spec.child import ChildSpec
from nasflow.spec.edits import Edit, Insert, Replace, Replicate, Split, apply_all
from nasflow.spec.origin import Grown
from nasflow.spec.tree import Operation
from nasflow.steps.archive import Archive
from nasflow.steps.keys import spec_key
from nasflow.steps.ledger import read_ledger

FIRST: tuple[Edit, ...] = (
    Replicate(path=(), count=2),
    Insert(path=(0,)),
    Replace(path=(0, 0), operation=Operation.DS3),
    Insert(path=(1,)),
)
"""From the start cell: one operation with norms, one edge that is still an identity."""

SECOND: tuple[Edit, ...] = (
    Replicate(path=(0,), count=2),
    Replace(path=(1, 0), operation=Operation.DS5),
    Insert(path=(0, 1)),
    Split(path=(1,), count=2),
)
"""Copies what was new in the parent, and adds to it."""


def write_child(archive: Archive, parent: str, edits: tuple[Edit, ...]) -> str:
    """The spec of a child that grows from any record, as a proposal writes it; returns its id."""
    start = read_ledger(archive, "tiny").start_spec
    network = archive.read(spec_key(parent), ChildSpec).network
    spec = ChildSpec(
        network=apply_all(edits, network),
        origin=Grown(parent=parent, edits=edits),
        data=start.data,
        recipe=config(child=LONGER).child,
        seed=start.seed,
    )
    archive.create(spec_key(spec.id), spec)
    return spec.id


POPULATION = 2
FOUND = {
    "parents": "found",
    "controller": {"kind": "evolution", "population": POPULATION, "tournament": 1},
    "budget": {"children": 8},
    "finish": TINY["finish"] | {"controls": ()},
}
"""Four rounds of two children, one of them the random arm's."""
