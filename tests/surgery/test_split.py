from collections.abc import Callable

import pytest
import torch
from tests.surgery.patients import DRAWN, Patient, check_preserved, replaced

from nasflow.base.errors import InvalidSpec
from nasflow.networks import all_places
from nasflow.spec.edits import Insert, Replace, Replicate, Split
from nasflow.spec.tree import CELL_OPERATIONS, Operation
from nasflow.surgery.split import cut


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("count", [2, 3, 4])
def test_split_of_the_host(patients: Callable[[str], Patient], name: str, count: int) -> None:
    """Split-Concat of the host's convolution is preserved with 1, 2 and 3 groups, even or uneven."""
    parent = patients(name)
    narrowest = min(place.channels // place.groups for place in all_places(parent.spec.host))
    if narrowest < count:
        with pytest.raises(InvalidSpec, match="cannot be shared"):
            parent.operate(Split(path=(), count=count))
    else:
        check_preserved(parent, parent.operate(Split(path=(), count=count)))


@pytest.mark.parametrize("operation", CELL_OPERATIONS)
def test_split(patient: Patient, operation: Operation) -> None:
    """Split-Concat of every operation is preserved, shut or trained."""
    shut = patient.operate(*replaced(operation))
    for parent, count in ((shut.awaken(), 3), (shut.train(steps=6), 2)):
        check_preserved(parent, parent.operate(Split(path=(0,), count=count)))


@pytest.mark.long
@pytest.mark.parametrize("operation", [Operation.CONV1, Operation.DS5])
def test_split_of_a_shut_operation_grows_on(patient: Patient, operation: Operation) -> None:
    """Below the parts of a shut, cut operation everything can grow, and copies above keep it all."""
    parent = patient.operate(*replaced(operation)).awaken()
    child = parent.operate(
        Split(path=(0,), count=3),
        Insert(path=(0, 1)),
        Replace(path=(0, 1, 0), operation=Operation.MAX3),
        Insert(path=(0, 2)),
        Replicate(path=(0, 2), count=2),
        Replace(path=(0, 2, 1), operation=Operation.DS3),
        Replicate(path=(), count=3),
    )
    check_preserved(parent, child)
    check_preserved(child, child.operate(Insert(path=(2, 0))))


@pytest.mark.parametrize(("groups", "count"), [(1, 2), (1, 5), (2, 2), (2, 3), (3, 2), (3, 4)])
def test_cut(groups: int, count: int) -> None:
    """Each part of a cut weight has an even share of each group, in order, in memory of its own."""
    weight = torch.arange(12.0).reshape(12, 1, 1, 1).repeat(1, 2, 3, 3)
    parts = cut(weight, count, groups)
    by_group = [torch.cat([part.chunk(groups)[group] for part in parts]) for group in range(groups)]
    assert torch.equal(torch.cat(by_group), weight)
    parts[0].zero_()
    assert weight[0, 0, 0, 0] == 0
    assert weight.sum() == 66 * 18
