"""What the edits of a cell have in common: new tensors for cells, inherited from the old ones.

The tree of a new cell comes from its edit, its modules from `nasflow.networks`; a surgeon gives each of its
tensors a value from an old one, so that an edited cell is by construction what its spec says.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from nasflow.networks.cell import branch_name
from nasflow.search.record import Birth
from nasflow.spec.edits import CellEdit
from nasflow.spec.tree import Path
from nasflow.surgery.operated import CellState, Operated, Weights

Inherit = Callable[[CellState], Weights]
"""From a cell before an edit to every tensor of the one after it."""

Reborn = Callable[[Sequence[Birth]], Iterable[Birth]]
"""From what is shut in a cell to what is shut in the one that takes its place."""


def change_cells(operated: Operated, edit: CellEdit, inherit: Inherit, reborn: Reborn = tuple) -> Operated:
    """The same network, with another cell in each place that the edit is about.

    Raise InvalidSpec if the edit does not fit.
    """
    spec = edit.apply(operated.spec)
    changed = {
        name: replace(cell, tree=spec.parts.cell_at(name), weights=inherit(cell))
        for name, cell in operated.states(edit.place).items()
    }
    births = _by_place(operated, edit.place)
    others = (birth for birth in births if birth.place != edit.place)
    own = [birth for birth in births if birth.place == edit.place]
    births, edited = (*others, *reborn(own)), {**operated.edited, **changed}
    return replace(operated, spec=spec, births=births, edited=edited)


def _by_place(operated: Operated, place: str | None) -> tuple[Birth, ...]:
    """All births; where `place` is about to get a cell of its own, it takes those of the shared one along."""
    if place is None or operated.spec.parts.at(place) is not None:
        return operated.births
    shared = (birth for birth in operated.births if birth.place is None)
    return (*operated.births, *(birth.model_copy(update={"place": place}) for birth in shared))


def copied_weights(cell: CellState, path: Path, count: int) -> Weights:
    """All of the cell's, with the one branch of the node `path` there `count` times."""
    source = branch_name((*path, 0)) + "."
    below = {
        name.removeprefix(source): each for name, each in cell.weights.items() if name.startswith(source)
    }
    targets = [branch_name((*path, number)) for number in range(count)]
    return cell.weights | {f"{target}.{name}": tensor for target in targets for name, tensor in below.items()}


def copied_births(births: Sequence[Birth], path: Path, count: int) -> Iterator[Birth]:
    """All births, those in the one branch of the node `path` there `count` times."""
    source = (*path, 0)
    for birth in births:
        if birth.path[: len(source)] != source:
            yield birth
            continue
        for number in range(count):
            yield birth.model_copy(update={"path": (*path, number, *birth.path[len(source) :])})
