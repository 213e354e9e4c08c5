"""Children grow from any trained record."""

from pathlib import Path

import pytest
from tests.steps.grown import FIRST, FOUND, POPULATION, SECOND, write_child
from tests.steps.samples import (
    LONGER,
    config,
    failed,
    finished_once,
    ledger_of,
    open_archive,
    run_search,
    trained,
)

from nasflow.controllers.evolution import MUTATION_TRIES
from nasflow.search.family import family
from nasflow.search.ledger import Ledger
from nasflow.search.record import BirthRecord
from nasflow.search.rounds import Arm
from nasflow.spec.child import ChildSpec
from nasflow.spec.edits import Insert, apply_all
from nasflow.spec.origin import Grown, Scratch
from nasflow.steps.child import run_child
from nasflow.steps.keys import birth_key, spec_key
from nasflow.steps.ledger import read_ledger
from nasflow.steps.records import read_record, write_failure
from nasflow.store import get_blob
from nasflow.surgery import TOLERANCE
from nasflow.training.tensors import from_bytes


def test_a_child_of_a_child(proposed: Path) -> None:
    """A child whose gates have been opened, and whose norms have learned, is a parent like any other: its own
    child starts where it stands, and is known by it."""
    archive = open_archive(proposed)
    parent = write_child(archive, read_ledger(archive, "tiny").start_spec.id, FIRST)
    grown = trained(run_child(archive, parent))
    birth = archive.read(birth_key(parent), BirthRecord)
    assert birth.births
    before, after = (
        from_bytes(get_blob(archive.store, each), parent)[0] for each in (birth.weights, grown.weights)
    )
    norms = [name for name in before if ".0.child.branches.0.operation" in name and "running_var" in name]
    assert norms
    assert all((before[name] != after[name]).any() for name in norms)
    child = write_child(open_archive(proposed), parent, SECOND)
    record = trained(run_child(open_archive(proposed), child))
    receipt = record.receipt
    assert receipt
    assert receipt.difference <= TOLERANCE == receipt.tolerance
    assert [each.edit for each in receipt.edits] == list(SECOND)
    assert receipt.parent_accuracy == grown.accuracy
    assert len(record.history) == LONGER["epochs"]
    assert archive.read(spec_key(child), ChildSpec).parent == parent
    other = write_child(archive, read_ledger(archive, "tiny").start_spec.id, FIRST + SECOND)
    assert other != child


def test_a_child_of_a_failed_child(proposed: Path) -> None:
    """It fails with its parent's reason, in one line, however long the line of failures is."""
    archive = open_archive(proposed)
    start = read_ledger(archive, "tiny").start_spec.id
    parent = write_child(archive, start, FIRST)
    write_failure(archive, parent, "loss is nan")
    child = write_child(archive, parent, SECOND)
    assert failed(run_child(archive, child)).failure == f"its parent {parent} has no weights: loss is nan"
    last = write_child(archive, child, (Insert(path=(0, 0)),))
    reason = failed(run_child(archive, last)).failure
    assert reason == f"its parent {child} has no weights: its parent {parent} has no weights: loss is nan"


@pytest.fixture(scope="module")
def found() -> Ledger:
    """A search whose children grow from whatever was found, finished."""
    return ledger_of(finished_once(**FOUND))


def test_what_was_found_has_children(found: Ledger) -> None:
    """Over the rounds lines get longer, one round has children of several parents, each with a receipt."""
    children = [trained(each) for each in found.children]
    assert (len(found.rounds), len(children)) == (4, 8)
    for record in children:
        assert record.receipt
        assert record.receipt.difference <= TOLERANCE
    lines = family(found)
    assert max(line.generation for line in lines.values()) > 1
    parents = [{lines[child].parent for child in each.proposal.children} for each in found.rounds]
    assert parents[0] == {found.start_spec.id}
    assert max(map(len, parents)) > 1
    assert found.finish


def test_records_and_episodes_tell_the_same_parents(found: Ledger) -> None:
    """A child's spec names the record that its episode grew it from, by the edits of its receipt."""
    archive = open_archive(finished_once(**FOUND))
    accuracies = {each.child: trained(each).accuracy for each in (found.start, *found.children) if each}
    for child, episode in found.episodes.items():
        spec = archive.read(spec_key(child), ChildSpec)
        assert isinstance(spec.origin, Grown)
        assert (spec.origin.parent, spec.origin.edits) == (episode.parent, episode.edits)
        parent = archive.read(spec_key(spec.origin.parent), ChildSpec)
        assert apply_all(episode.edits, parent.network) == spec.network
        receipt = read_record(archive, child).receipt
        assert receipt
        assert tuple(each.edit for each in receipt.edits) == episode.edits
        assert receipt.parent_accuracy == accuracies[spec.origin.parent]


def test_a_mutant_grows_from_the_member_that_was_mutated(found: Ledger) -> None:
    """Once there is a population, its members are the parents of the controller's children."""
    population: list[str] = []
    mutants = 0
    for each in found.rounds:
        own = [
            (child, episode)
            for child, episode in zip(each.proposal.children, each.proposal.episodes, strict=True)
            if episode.arm is Arm.CONTROLLER
        ]
        for _, episode in own:
            if len(population) == POPULATION and episode.tries <= MUTATION_TRIES:
                mutants += 1
                assert episode.parent in population
        population = [*population, *(child for child, _ in own)][-POPULATION:]
    assert mutants == 2


def test_children_of_nobody(tmp_path: Path) -> None:
    """With `parents: none` every child is trained from scratch, and there is nothing to prove."""
    changes = {"parents": "none", "budget": {"children": 2}}
    run_search(tmp_path / "store", config(**changes))
    archive, ledger = open_archive(tmp_path / "store"), ledger_of(tmp_path / "store")
    for child, episode in ledger.episodes.items():
        assert (episode.parent, episode.edits) == (None, ())
        assert archive.read(spec_key(child), ChildSpec).origin == Scratch()
        assert trained(read_record(archive, child)).receipt is None
    assert {line.generation for line in family(ledger).values()} == {0}
    # The same cells as of the search whose children inherit, and other children.
    grown = ledger_of(finished_once()).rounds[0].proposal
    drawn = ledger.rounds[0].proposal
    assert [each.parts for each in drawn.episodes] == [each.parts for each in grown.episodes]
    assert set(drawn.children).isdisjoint(grown.children)
