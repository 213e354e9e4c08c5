from collections.abc import Callable

import pytest
import torch
from tests.surgery.patients import Patient, check_preserved, replaced

from nasflow.spec.edits import Insert, Replicate
from nasflow.spec.tree import Operation


@pytest.mark.parametrize("count", [2, 3, 4, 5])
def test_replicate(patients: Callable[[str], Patient], count: int) -> None:
    """Replicate-Add into 2 to 5, of the root and of a node with a trained cell below, is exact to the bit."""
    first = patients("plain").operate(*replaced(Operation.DS3), Insert(path=(0, 0)))
    parent = first.train(steps=6).awaken()
    for path in ((), (0,), (0, 0)):
        child = parent.operate(Replicate(path=path, count=count))
        assert torch.equal(parent.logits(), child.logits())
        check_preserved(parent, child)
