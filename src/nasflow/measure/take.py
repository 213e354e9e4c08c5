"""Measures by their names: the one door to the functions in this room."""

from collections.abc import Iterable

from nasflow.base.errors import InvalidSpec
from nasflow.base.plugins import load
from nasflow.measure.subject import Subject
from nasflow.search.measures import USUAL, Measured, find_measure
from nasflow.spec.network import NetworkSpec


def counted(spec: NetworkSpec, names: Iterable[str] = USUAL) -> dict[str, Measured]:
    """Those of the measures that the spec alone tells: no weights are made for it.

    Raise InvalidSpec for a name that no measure has, or if the network cannot be built.
    """
    measures = [find_measure(name) for name in names]
    return {each.name: load(each.code)(spec) for each in measures if each.is_counted}


def take(names: Iterable[str], subject: Subject) -> dict[str, Measured]:
    """The measures of a trained network; those that it does not have are left out.

    Raise InvalidSpec for a name that no measure has, or where its code gives something else than a figure.
    """
    taken: dict[str, Measured] = {}
    for name in names:
        measure = find_measure(name)
        found = load(measure.code)(subject.child.network if measure.is_counted else subject)
        if found is None:
            continue
        if not isinstance(found, Measured):
            raise InvalidSpec(
                f"measure {name!r}: {measure.code} gives {found!r}: a Measured or None is wanted"
            )
        taken[name] = found
    return taken
