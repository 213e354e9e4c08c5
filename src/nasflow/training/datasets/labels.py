"""Labels that came out of a file."""

from pathlib import Path

from torch import Tensor

from nasflow.base.errors import InvalidSpec


def check_labels(labels: Tensor, classes: int, file: Path) -> Tensor:
    """`labels`, each known to be below `classes`; raise InvalidSpec, naming the file, otherwise."""
    largest = int(labels.max()) if len(labels) else 0
    if largest >= classes:
        raise InvalidSpec(f"{file}: label {largest} in a data set of {classes} classes: fetch it again")
    return labels


def commonest_share(labels: Tensor) -> float:
    """The share of the commonest label: what whoever always names it gets right."""
    return int(labels.bincount().max()) / len(labels)
