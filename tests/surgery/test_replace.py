import pytest
import torch
from tests.surgery.patients import INSERTED, Patient, check_preserved, replaced

from nasflow.spec.edits import Replace
from nasflow.spec.tree import CELL_OPERATIONS, Operation


@pytest.mark.parametrize("operation", CELL_OPERATIONS)
def test_replace(patient: Patient, operation: Operation) -> None:
    """Each operation of the paper's set is born without a change, behind a gate unless it is the identity."""
    parent = patient.operate(*INSERTED).awaken()
    child = parent.operate(Replace(path=(0, 0), operation=operation))
    assert len(child.operated.births) == (operation is not Operation.IDENTITY)
    check_preserved(parent, child)


def test_another_seed_another_child(patient: Patient) -> None:
    """Another seed draws other weights for a new operation."""
    one, other = (patient.operate(*replaced(Operation.DS3), seed=seed) for seed in (1, 2))
    pairs = zip(one.network.named_parameters(), other.network.named_parameters(), strict=True)
    differing = {name for (name, tensor), (_, drawn) in pairs if not torch.equal(tensor, drawn)}
    assert all(
        ".operation.depthwise.weight" in name or ".operation.weight.weight" in name for name in differing
    )
    assert len(differing) == 2 * 2, "depthwise and pointwise, in two layers"
