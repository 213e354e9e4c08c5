"""Edits of one place's own cell, beside edits of the cell that all others share."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import growths
from tests.surgery.patients import INSERTED, Patient, check_preserved, replaced

from nasflow.base.errors import InvalidSpec
from nasflow.networks import build
from nasflow.search.record import Birth
from nasflow.spec.edits import CellEdit, Edit, Insert, Replace, Replicate
from nasflow.spec.tree import START_CELL, Operation, Tree
from nasflow.surgery import Gates, operate

FIRST, SECOND = "stages.0.cell", "stages.2.cell"
"""The places of the patient."""


def at(place: str, *edits: Edit) -> list[Edit]:
    """The same edits of a place's own cell."""
    return [edit.model_copy(update={"place": place}) for edit in edits]


def shut(patient: Patient) -> list[str]:
    """The names of the operations whose gates are shut."""
    names = {module: name for name, module in patient.network.named_modules()}
    with Gates(patient.operated):
        return sorted(names[module] for module in names if module._forward_hooks)


def test_one_place_changes(patient: Patient) -> None:
    """An edit with a place changes its cell and no other tensor, and what is born is born there."""
    child = patient.operate(*at(FIRST, *replaced(Operation.DS3)))
    before = patient.state()
    for name, tensor in child.network.state_dict().items():
        assert name in before or name.startswith(FIRST), name
        assert name not in before or torch.equal(tensor, before[name]), name
    assert child.operated.births == (Birth(path=(0, 0), place=FIRST),)
    assert shut(child) == [f"{FIRST}.root.branches.0.child.branches.0.operation"]
    assert child.spec.parts.cell == START_CELL
    assert child.spec.parts.cell_at(FIRST) == Tree.parse("( 3x3G -> ( ds3 ) )")
    check_preserved(patient, child)


def test_the_others_change(patient: Patient) -> None:
    """An edit without a place leaves a cell alone that is a place's own, and its births too."""
    own = patient.operate(*at(FIRST, *replaced(Operation.DS3)))
    child = own.operate(*replaced(Operation.MAX3), Replicate(path=(), count=2))
    name = f"{FIRST}.root.branches.0.operation.weight.weight"
    assert torch.equal(child.state()[name], own.state()[name])
    assert child.operated.births == (
        Birth(path=(0, 0), place=FIRST),
        Birth(path=(0, 0)),
        Birth(path=(1, 0)),
    )
    assert len(shut(child)) == 3
    check_preserved(patient, child)


def test_a_shut_operation_goes_along(patient: Patient) -> None:
    """Where a cell with shut operations becomes a place's own, they stay shut, there and in the others."""
    parent = patient.operate(*replaced(Operation.DS5)).awaken()
    child = parent.operate(*at(SECOND, Replicate(path=(0,), count=2)))
    assert child.operated.births == (
        Birth(path=(0, 0)),
        Birth(path=(0, 0), place=SECOND),
        Birth(path=(0, 1), place=SECOND),
    )
    assert len(shut(child)) == 3
    check_preserved(parent, child)
    again = child.operate(Insert(path=(0, 0)), *at(SECOND, Insert(path=(0, 1))))
    assert shut(again) == shut(child)
    check_preserved(parent, again)


@settings(max_examples=6, deadline=None)
@given(data=st.data())
def test_any_mixture_is_preserved(patient: Patient, data: st.DataObject) -> None:
    """Edits of a place and of the shared cell, in turn, preserve the function and give what the spec says."""
    parent = patient.operate(*INSERTED).awaken()
    child = parent
    for place in data.draw(st.lists(st.sampled_from([None, FIRST, SECOND]), min_size=2, max_size=4)):
        cell = child.operated.tree(place)
        edits: tuple[CellEdit, ...] = data.draw(growths(cell, 8, 2, steps=2, edges=10))
        child = child.operate(*(at(place, *edits) if place else edits))
    wanted = build(child.spec).state_dict()
    assert {name: each.shape for name, each in child.state().items()} == {
        name: each.shape for name, each in wanted.items()
    }
    check_preserved(parent, child)


@pytest.mark.parametrize(
    ("name", "place"), [("two groups", "stages.1.cell"), ("post-activation", "network.nowhere")]
)
def test_no_such_place(patients: Callable[[str], Patient], name: str, place: str) -> None:
    """A place that the network does not have is refused, with those that it has."""
    patient = patients(name)
    with pytest.raises(InvalidSpec, match=f"there is no place '{place}': known are .*, "):
        operate(patient.operated, Insert(path=(0,), place=place), torch.Generator())


def test_a_place_of_somebody_elses_network(patients: Callable[[str], Patient]) -> None:
    """In an adopted network a place is named as there, too, with strides, groups and biases."""
    parent = patients("post-activation")
    edits = [Replicate(path=(), count=2), Insert(path=(1,)), Replace(path=(1, 0), operation=Operation.CONV1)]
    for place in ("network.grouped", "network.dilated"):
        child = parent.operate(*at(place, *edits))
        assert build(child.spec).state_dict().keys() == child.state().keys()
        assert [each.place for each in child.operated.births] == [place]
        check_preserved(parent, child)
