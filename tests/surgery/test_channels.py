"""Widen and Narrow on the channel groups of every host."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.surgery.patients import DOUBLE, EACH_HOST, HOSTS, INSERTED, Patient

from nasflow.base.errors import InvalidSpec
from nasflow.networks import layout_of
from nasflow.networks.layout import GroupMember, Side
from nasflow.search.spaces.layered import places_of
from nasflow.spec.edits import Narrow, Replicate, Widen
from nasflow.spec.hosts import Chain
from nasflow.spec.network import NetworkSpec
from nasflow.spec.places import Place
from nasflow.surgery import operate, relative_difference
from nasflow.surgery.channels import _read
from nasflow.surgery.places import width_places

GetPatient = Callable[[str], Patient]


def wider(place: Place, blocks: int) -> Widen:
    """The group with so many channels more in each block."""
    return Widen(place=place.name, channels=place.channels + blocks * place.groups)


@settings(max_examples=4, deadline=None)
@given(st.data())
@pytest.mark.parametrize("host", EACH_HOST)
def test_a_wider_network_does_what_it_did(patients: GetPatient, host: str, data: st.DataObject) -> None:
    """Some groups, each as much wider as may be, in any order: to the last digits of double precision."""
    check_wider(patients(host).doubled(), data)


@pytest.mark.long
@settings(max_examples=100, deadline=None)
@given(st.data())
@pytest.mark.parametrize("host", HOSTS)
def test_many_wider_networks(patients: GetPatient, host: str, data: st.DataObject) -> None:
    """As above, for more of them."""
    check_wider(patients(host).doubled(), data)


def check_wider(parent: Patient, data: st.DataObject) -> None:
    """Groups made wider, drawn, change nothing."""
    some = st.lists(st.sampled_from(width_places(parent.spec)), min_size=1, max_size=3, unique=True)
    places = data.draw(some)
    edits = [wider(place, data.draw(st.integers(1, 9))) for place in places]
    child = parent.operate(*edits, seed=data.draw(st.integers(0, 99)))
    assert relative_difference(parent.logits(), child.logits()) <= DOUBLE


@pytest.mark.parametrize("host", ["plain", "two groups"])
def test_what_a_grown_cell_reads_can_be_wider(patients: GetPatient, host: str) -> None:
    """Each of its branches reads the new channels; what it writes is its own."""
    parent = patients(host).operate(Replicate(path=(), count=2), *INSERTED).doubled().awaken()
    first, *_ = (each for each in width_places(parent.spec) if each.name.endswith("bottleneck.weight"))
    child = parent.operate(wider(first, 3))
    assert relative_difference(parent.logits(), child.logits()) <= DOUBLE
    written = next(each for each in width_places(parent.spec) if each.name.endswith("operation.weight"))
    with pytest.raises(InvalidSpec, match="has grown, and its width is fixed"):
        parent.operate(wider(written, 1))


@pytest.mark.parametrize("host", EACH_HOST)
def test_what_is_silent_goes_unheard(patients: GetPatient, host: str) -> None:
    """Where channels that write nothing are cut off, the network does what it did, to the last digits."""
    for place in width_places(patients(host).spec)[::3]:
        size = place.channels // place.groups
        if size == 1:
            continue
        parent = silenced(patients(host).doubled(), place, size // 2)
        child = parent.operate(Narrow(place=place.name, channels=place.channels - place.groups))
        assert relative_difference(parent.logits(), child.logits()) <= DOUBLE


def silenced(patient: Patient, place: Place, number: int) -> Patient:
    """With one channel of each block that is always 0."""
    operated = patient.operate().operated
    for (name, side), members in layout_of(patient.spec).sides.items():
        own = [each for each, member in enumerate(members) if _is(member, place.name, number)]
        if side is Side.WRITES and own:
            for tensor in operated.network.get_submodule(name).state_dict().values():
                if tensor.dim():
                    tensor[own] = 0
    return replace(patient, operated=operated)


def _is(member: GroupMember | None, group: str, number: int) -> bool:
    return member is not None and (member.group, member.place) == (group, number)


def test_on_the_device_of_the_weights() -> None:
    """Where a network is on a GPU, so are the numbers by which its weights are picked."""
    weight = torch.empty(4, 2, 3, 3, device="meta")
    assert _read(weight, 2, torch.tensor([0, 1, 1, 2, 3, 2]), torch.ones(6)).shape == (4, 3, 3, 3)


def test_copies_are_told_apart(patients: GetPatient) -> None:
    """Who reads two copies reads them with other weights: else they would be trained alike for ever."""
    parent = patients("plain")
    place = next(each for each in width_places(parent.spec) if each.name == "stages.0.bottleneck.weight")
    child = operate(parent.operated, wider(place, place.channels), torch.Generator().manual_seed(0))
    weight = child.network.get_parameter("stages.0.cell.root.branches.0.operation.weight.weight")
    columns = weight.transpose(0, 1).flatten(1)
    assert len({tuple(each) for each in columns.tolist()}) == 2 * place.channels


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (Widen(place="nowhere", channels=9), "there is no place 'nowhere' for a width: known are first, "),
        (Widen(place="first", channels=12), "widen first to 12: it has 12 channels already"),
        (Narrow(place="first", channels=12), "narrow first to 12: it has no more than 12 channels"),
    ],
)
def test_what_does_not_fit(patients: GetPatient, edit: Widen | Narrow, reason: str) -> None:
    """Is refused in one line."""
    with pytest.raises(InvalidSpec, match=reason):
        patients("plain").operate(edit)


def test_blocks_are_whole(patients: GetPatient) -> None:
    """A convolution in two groups reads as many channels in each."""
    place = next(each for each in width_places(patients("two groups").spec) if each.groups == 2)
    with pytest.raises(InvalidSpec, match="its width is a multiple of 2, and"):
        patients("two groups").operate(Widen(place=place.name, channels=place.channels + 1))


def test_groups_that_cannot_be_followed_are_none(patients: GetPatient) -> None:
    """A condensed network picks channels by number: whoever reads them so is not what the graph says."""
    spec = patients("condensed").spec
    proven = {each.name for each in width_places(spec)}
    assert proven < set(layout_of(spec).groups)


@pytest.mark.parametrize("kind", ["width", "group", "depth", "layer"])
def test_in_whatever_mode_places_are_asked_for(kind: str) -> None:
    """Who asks first may do so without gradients: what is remembered is the same."""
    spec = NetworkSpec(host=Chain(widths=(4, 7, 7)), channels=1, size=8, classes=10)
    with torch.inference_mode():
        first = places_of(kind, spec)
    assert first
    assert first == places_of(kind, spec.model_copy(update={"classes": 11}))
