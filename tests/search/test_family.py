from tests.search.samples import failed, ledger, ledger_round, trained

from nasflow.search.family import Line, family
from nasflow.search.ledger import Ledger


def grown(*children: tuple[str, str | None, int], parents: str = "found") -> Ledger:
    """A search whose rounds have one child each: its name, its parent, the epochs of its own training.

    The start network was trained for 2 epochs: `start` is its name. 0 epochs are a child without a record.
    """
    root = ledger().start_spec.id
    rounds = [
        ledger_round(
            number,
            *([trained(child, epochs=epochs)] if epochs else []),
            missing=[] if epochs else [child],
            parent=root if parent == "start" else parent,
        )
        for number, (child, parent, epochs) in enumerate(children, start=1)
    ]
    return ledger(*rounds, known={"start": trained(root, epochs=2)}, parents=parents)


def test_generations() -> None:
    """A child is one generation after its parent, and rests on the training of all its ancestors."""
    state = grown(("a", "start", 3), ("b", "a", 4), ("c", "b", 5), ("d", "start", 1), ("e", "a", 0))
    root = state.start_spec.id
    assert family(state) == {
        root: Line(root, None, 0, 2, 0),
        "a": Line("a", root, 1, 3, 2),
        "b": Line("b", "a", 2, 4, 5),
        "c": Line("c", "b", 3, 5, 9),
        "d": Line("d", root, 1, 1, 2),
        "e": Line("e", "a", 2, 0, 5),
    }


def test_parents_come_first() -> None:
    """Who is read in order has met everybody's parent before."""
    lines = family(grown(("a", "start", 3), ("b", "a", 4), ("c", "a", 5)))
    seen: set[str | None] = {None}
    for child, line in lines.items():
        assert line.child == child
        assert line.parent in seen
        seen.add(child)


def test_from_scratch() -> None:
    """Where nobody inherits, nobody has a parent, and a child's training is its own alone."""
    state = grown(("a", None, 3), ("b", None, 4), parents="none")
    assert [family(state)[child] for child in "ab"] == [Line("a", None, 0, 3, 0), Line("b", None, 0, 4, 0)]


def test_what_an_older_version_wrote() -> None:
    """An episode without a parent grew from the start network."""
    state = grown(("a", None, 3), parents="start")
    assert family(state)["a"] == Line("a", state.start_spec.id, 1, 3, 2)


def test_before_anything_is_trained() -> None:
    """The start network is there before it has a record; a failed child counts what it was trained for."""
    state = ledger(known={"start": None})
    root = state.start_spec.id
    assert family(state) == {root: Line(root, None, 0, 0, 0)}
    broken = ledger(ledger_round(1, failed("a"), parent=root), known={"start": trained(root, epochs=2)})
    assert family(broken)["a"] == Line("a", root, 1, 0, 2)


def test_a_child_that_was_proposed_twice() -> None:
    """It is told once, as it came about first."""
    state = grown(("a", "start", 3), ("b", "a", 4), ("b", "start", 4))
    assert family(state)["b"] == Line("b", "a", 2, 4, 5)
