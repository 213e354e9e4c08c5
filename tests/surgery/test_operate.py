from collections.abc import Callable, Iterable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.surgery.forget import Forget, Noise
from tests.surgery.patients import DRAWN, HOSTS, INSERTED, Patient, check_preserved, draw_growth, replaced
from torch import Tensor, nn

from nasflow.base.errors import ChildFailed, InvalidSpec
from nasflow.networks import all_places, build
from nasflow.search.record import EditReceipt
from nasflow.spec.cells import TREE_CELL_A, TREE_CELL_B
from nasflow.spec.edits import CellEdit, Edit, Insert, Replace, Replicate, Split
from nasflow.spec.edits.plan import plan
from nasflow.spec.tree import START_CELL, Operation, Tree
from nasflow.surgery import TOLERANCE, operate, operate_all, receipts, relative_difference

SOME = settings(max_examples=8, deadline=None)
FEW = settings(max_examples=4, deadline=None)

Patients = Callable[[str], Patient]


@SOME
@given(data=st.data(), name=st.sampled_from(DRAWN))
def test_any_growth_is_preserved(patients: Patients, data: st.DataObject, name: str) -> None:
    """Whatever edits are made wherever they fit, unseen images get the parent's logits."""
    parent = patients(name)
    check_preserved(parent, parent.operate(*draw_growth(data, parent)))


@SOME
@given(data=st.data(), name=st.sampled_from(DRAWN))
def test_growth_round_shut_operations(patients: Patients, data: st.DataObject, name: str) -> None:
    """Above, below and between operations that are still shut any edit is preserved, and heard."""
    first = patients(name).operate(*INSERTED)
    parent = first.operate(*draw_growth(data, first)).awaken()
    check_preserved(parent, parent.operate(*draw_growth(data, parent)))


@FEW
@given(data=st.data(), name=st.sampled_from(DRAWN))
def test_growth_of_a_grown_network(patients: Patients, data: st.DataObject, name: str) -> None:
    """A grown network that was trained with its gates opened can be grown again just as well."""
    first = patients(name)
    parent = first.operate(*draw_growth(data, first)).calibrate().train(steps=6)
    assert all(branch.norm.weight.any() for branch in parent.roots()), "nothing below would be heard"
    check_preserved(parent, parent.operate(*draw_growth(data, parent)))


@pytest.mark.parametrize(
    ("have", "want"),
    [
        (
            "add( 3x3G -> ( ds3 ), 3x3G -> ( 1x1 ) )",
            "add( 3x3G -> ( 1x1 -> ( max3 ) ), 3x3G -> ( ds3 ) )",
        ),
        (
            "( 3x3G -> add( identity, ds5 -> ( avg3 ), 1x1 ) )",
            "( 3x3G -> add( ds5 -> ( avg3 -> concat( max3, ds3 ) ), 1x1 -> ( ds7 ), avg3 ) )",
        ),
    ],
)
def test_growth_into_another_order(patient: Patient, have: str, want: str) -> None:
    """A grown, trained parent grows into a cell whose sums have its branches in another order."""
    first = plan(START_CELL, Tree.parse(have))
    assert first
    parent = patient.operate(*first).calibrate().train(steps=6)
    edits = plan(parent.spec.parts.cell, Tree.parse(want))
    assert edits
    child = parent.operate(*edits)
    assert child.spec.parts.cell != Tree.parse(want)
    assert child.spec.parts.cell.canonical() == Tree.parse(want).canonical()
    check_preserved(parent, child)


@FEW
@given(data=st.data(), name=st.sampled_from(DRAWN))
def test_network_from_its_spec(patients: Patients, data: st.DataObject, name: str) -> None:
    """A network built from the spec alone takes all grown weights and gives the same logits to the bit."""
    parent = patients(name)
    child = parent.operate(*draw_growth(data, parent))
    network = build(child.spec)
    network.load_state_dict(child.network.state_dict(), strict=True)
    assert torch.equal(child.unseen(network), child.unseen(child.network))


@FEW
@given(data=st.data())
def test_parent_is_left_alone(patient: Patient, data: st.DataObject) -> None:
    """Neither growing nor calibrating nor training a child changes a bit of its parent."""
    before, logits = patient.state(), patient.logits()
    child = patient.operate(*draw_growth(data, patient, steps=3)).calibrate()
    with torch.no_grad():
        for tensor in child.network.state_dict().values():
            tensor.add_(1)
    assert_equal(patient.state(), before)
    assert torch.equal(patient.logits(), logits)


@FEW
@given(data=st.data())
def test_no_two_tensors_share_memory(patient: Patient, data: st.DataObject) -> None:
    """Every tensor of a grown network has memory of its own: copies train apart."""
    child = patient.operate(*draw_growth(data, patient))
    state = child.network.state_dict()
    addresses = {tensor.data_ptr() for tensor in state.values()}
    assert len(addresses) == len(state)
    assert not addresses & {tensor.data_ptr() for tensor in patient.network.state_dict().values()}


@FEW
@given(data=st.data())
def test_same_seed_same_child(patient: Patient, data: st.DataObject) -> None:
    """The generator's seed decides every new weight, nothing else does."""
    growth = draw_growth(data, patient)
    torch.manual_seed(1)
    one = patient.operate(*growth, seed=5)
    torch.manual_seed(2)
    again = patient.operate(*growth, seed=5)
    assert_equal(one.state(), again.state())
    assert one.operated.births == again.operated.births


def every_kind(place: str) -> tuple[Edit, ...]:
    """Of all edits some, everywhere and in one place, below and above what is shut."""
    everywhere: list[CellEdit] = [
        Insert(path=(0,)),
        Replace(path=(0, 0), operation=Operation.DS3),
        Split(path=(0,), count=2),
        Replicate(path=(), count=2),
        Insert(path=(1, 0)),
        Replace(path=(1, 0, 0), operation=Operation.CONV1),
    ]
    there: list[CellEdit] = [
        Insert(path=(0, 1)),
        Replicate(path=(0, 1), count=3),
        Replace(path=(0, 1, 2), operation=Operation.DS5),
        Insert(path=(0, 1, 0)),
        Split(path=(0, 1, 0), count=2),
    ]
    at_last = [edit.model_copy(update={"place": place}) for edit in there]
    return (*everywhere, *at_last, Insert(path=(1, 1)), Noise(), Forget(place=place), Insert(path=(1, 0, 0)))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long) if "groups" in name else name for name in HOSTS]
)
def test_a_birth_is_edit_by_edit(patients: Patients, name: str) -> None:
    """All edits at once leave the bits, the births and the draws that one after the other leaves."""
    parent = patients(name).awaken()
    before = parent.state()
    edits = every_kind(all_places(parent.spec.host)[-1].name)
    one, other = (torch.Generator().manual_seed(3) for _ in range(2))
    whole, step = operate_all(parent.operated, edits, one), parent.operated
    for edit in edits:
        step = operate(step, edit, other)
    assert (whole.spec, whole.births) == (step.spec, step.births)
    assert_equal(whole.network.state_dict(), step.network.state_dict())
    assert torch.equal(one.get_state(), other.get_state())
    assert_equal(parent.state(), before)


@pytest.mark.parametrize("cell", [pytest.param(TREE_CELL_A, marks=pytest.mark.long), TREE_CELL_B])
def test_published_cells(patient: Patient, cell: Tree) -> None:
    """The published cells grow from the start cell without a change, step by step and as a whole."""
    before = patient.state()
    steps = plan(START_CELL, cell)
    assert steps
    whole = patient.operate(*steps)
    assert whole.spec.parts.cell == cell
    measured = list(receipts(patient.operated, steps, torch.Generator().manual_seed(0), patient.unseen))
    assert [receipt.edit for receipt in measured] == list(steps)
    assert max(differences(measured)) <= TOLERANCE
    assert relative_difference(patient.logits(), whole.logits()) <= TOLERANCE
    check_preserved(patient, whole)
    assert patient.spec.parts.cell == START_CELL
    assert_equal(patient.state(), before)


def test_mode_and_precision_are_kept(patient: Patient) -> None:
    """A child is in its parent's mode and precision."""
    for training in (False, True):
        parent = patient.awaken()
        parent.network.double().train(training)
        network = parent.operate(*replaced(Operation.DS3)).network
        assert all(module.training is training for module in network.modules())
        assert {each.dtype for each in network.parameters()} == {torch.float64}


def test_a_misfit_is_refused(patients: Patients) -> None:
    """An edit that does not fit the tree or its channels is InvalidSpec, and nothing has changed."""
    for patient in (patients("two groups"), patients("post-activation")):
        before = patient.state()
        for edit in (Insert(path=(0, 0)), Split(path=(), count=60), Replicate(path=(0,), count=2)):
            with pytest.raises(InvalidSpec):
                operate(patient.operated, edit, torch.Generator())
        assert_equal(patient.state(), before)


def test_receipts_name_the_culprit(patient: Patient) -> None:
    """Each receipt has the difference that its own edit made."""
    calls = 0

    def logits(_network: nn.Module) -> Tensor:
        nonlocal calls
        calls += 1
        return torch.full((1, 2), 1.5 if calls == 2 else 1.0)

    steps = (*replaced(Operation.DS3), Insert(path=(0, 0)))
    measured = receipts(patient.operated, steps, torch.Generator(), logits)
    assert differences(measured) == pytest.approx([0.5, 1 / 3, 0.0])


def test_what_does_not_preserve(patient: Patient) -> None:
    """An edit that changes the function is measured, and neither it nor the next one is refused for that."""
    edits = (Forget(), Insert(path=(0,)))
    first, second = differences(receipts(patient.operated, edits, torch.Generator(), patient.unseen))
    assert first > 0.01
    assert second <= TOLERANCE
    expected = relative_difference(patient.logits(), patient.operate(*edits).logits())
    assert first == pytest.approx(expected)


def test_nothing_to_do(patient: Patient) -> None:
    """Without edits the child is a copy."""
    copy = operate_all(patient.operated, (), torch.Generator())
    assert copy.network is not patient.network
    assert_equal(copy.network.state_dict(), patient.state())


def test_logits_that_are_not_finite(patient: Patient) -> None:
    """A parent without finite logits cannot be compared: the child has failed, in one line."""
    nothing = receipts(patient.operated, INSERTED, torch.Generator(), lambda _: torch.full((1, 2), torch.nan))
    with pytest.raises(ChildFailed, match="not finite") as raised:
        next(nothing)
    assert str(raised.value).isprintable()


def differences(measured: Iterable[EditReceipt]) -> list[float]:
    """What each edit did; every receipt says it."""
    found = [receipt.difference for receipt in measured]
    assert None not in found
    return [each for each in found if each is not None]


def assert_equal(state: dict[str, Tensor], expected: dict[str, Tensor]) -> None:
    """The same names, and the same values to the bit."""
    assert state.keys() == expected.keys()
    for name, tensor in state.items():
        assert torch.equal(tensor, expected[name]), name
