"""Who grew from whom, and what the line cost: a child's training rests on that of its ancestors."""

from dataclasses import dataclass

from nasflow.search.ledger import Ledger
from nasflow.search.record import ChildRecord


@dataclass(frozen=True)
class Line:
    """One child's place in the family."""

    child: str
    parent: str | None
    """None: its weights were drawn at random, or brought."""
    generation: int
    """0: it has no parent."""
    own_epochs: int
    """Epochs that the child itself was trained for; 0 while it has no record."""
    ancestors_epochs: int
    """Epochs of its parent, that one's parent, and so on to the start network."""


def family(ledger: Ledger) -> dict[str, Line]:
    """The start network and every proposed child by id, parents before their children."""
    records = {each.child: each for each in (ledger.start, *ledger.children) if each}
    root = ledger.start_spec.id
    lines = {root: Line(root, None, 0, _epochs(records.get(root)), 0)}
    for child, episode in ledger.episodes.items():
        # What an older nasflow wrote names no parent: it was the start network.
        parent = episode.parent or (None if ledger.config.parents == "none" else root)
        above = lines.get(parent) if parent else None
        lines.setdefault(
            child,
            Line(
                child=child,
                parent=parent,
                generation=above.generation + 1 if above else 0,
                own_epochs=_epochs(records.get(child)),
                ancestors_epochs=above.own_epochs + above.ancestors_epochs if above else 0,
            ),
        )
    return lines


def _epochs(record: ChildRecord | None) -> int:
    return len(record.history) if record else 0
