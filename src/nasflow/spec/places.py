"""Where a part can stand in a host."""

from collections.abc import Iterable
from dataclasses import dataclass

from nasflow.base.errors import InvalidSpec
from nasflow.spec.channels import check_channels
from nasflow.spec.parts import Gone, Parts
from nasflow.spec.tree import START_CELL


@dataclass(frozen=True)
class Place:
    """One place, named as its module is in the network that is built."""

    name: str
    kind: str
    """Of the parts that it takes: `cell`, `width`."""
    channels: int
    """That it puts out."""
    groups: int = 1
    """Of the convolution that stands there."""


def check_parts(parts: Parts, places: Iterable[Place]) -> None:
    """Raise InvalidSpec if a part has no place here, is of another kind than its place, or does not fit.

    Where none of the places is for a kind of parts but cells, the network that is built knows such places;
    and it knows which layers can be left out, whatever else could stand there.
    """
    by_name = {place.name: place for place in places}
    kinds = {"cell", *(place.kind for place in by_name.values())}
    for name, part in parts.own:
        if isinstance(part, Gone) or (name not in by_name and part.kind not in kinds):
            continue
        if name not in by_name:
            raise InvalidSpec(f"there is no place {name!r}: known are {', '.join(by_name) or 'none'}")
        if by_name[name].kind != part.kind:
            raise InvalidSpec(f"place {name!r} is for a {by_name[name].kind}, and this is a {part.kind}")
    for_cells = [place for place in by_name.values() if place.kind == "cell"]
    if not for_cells and parts.cell != START_CELL:
        raise InvalidSpec(f"there is no place for the cell {parts.cell}")
    cells = [(parts.cell_at(place.name), place.channels, place.groups) for place in for_cells]
    for cell, channels, groups in dict.fromkeys(cells):
        check_channels(cell, channels, groups)
