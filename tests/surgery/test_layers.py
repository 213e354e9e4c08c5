"""Deepen and Remove in every host."""

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.surgery.patients import DOUBLE, EACH_HOST, HOSTS, Patient
from torch import nn

from nasflow.base.errors import InvalidSpec
from nasflow.networks import build, initialise
from nasflow.networks.layers import NewLayer
from nasflow.spec.edits import Deepen, Insert, Remove, Replicate, Widen
from nasflow.spec.hosts import Adopted, Chain
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Deep, Gone
from nasflow.surgery import Operated, operate, relative_difference
from nasflow.surgery.places import depth_places, layer_places, width_places

GetPatient = Callable[[str], Patient]

KERNELS = st.sampled_from([1, 3, 5, 7])


@settings(max_examples=3, deadline=None)
@given(st.data())
@pytest.mark.parametrize("host", EACH_HOST)
def test_a_deeper_network_does_what_it_did(patients: GetPatient, host: str, data: st.DataObject) -> None:
    """Some new layers, in any order, before and after they are calibrated; and one of them made wider."""
    check_deeper(patients(host).doubled(), data)


@pytest.mark.long
@settings(max_examples=50, deadline=None)
@given(st.data())
@pytest.mark.parametrize("host", HOSTS)
def test_many_deeper_networks(patients: GetPatient, host: str, data: st.DataObject) -> None:
    """As above, for more of them."""
    check_deeper(patients(host).doubled(), data)


def check_deeper(parent: Patient, data: st.DataObject) -> None:
    """New layers, drawn, change nothing."""
    places = st.lists(st.sampled_from(depth_places(parent.spec)), min_size=1, max_size=3)
    edits = [Deepen(place=each.name, kernel=data.draw(KERNELS)) for each in data.draw(places)]
    child = parent.operate(*edits)
    assert relative_difference(parent.logits(), child.logits()) <= DOUBLE
    assert relative_difference(parent.logits(), child.calibrate().logits()) <= DOUBLE
    name = f"{edits[-1].place}.0.weight"
    group = next((each for each in width_places(child.spec) if each.name == name), None)
    if group:
        wider = child.operate(Widen(place=name, channels=2 * group.channels))
        assert relative_difference(parent.logits(), wider.logits()) <= DOUBLE


def test_a_new_layer_is_calibrated(patients: GetPatient) -> None:
    """Its BatchNorm knows the mean and the variance of what it reads, and undoes them."""
    parent = patients("plain")
    place = depth_places(parent.spec)[-1]
    child = parent.operate(Deepen(place=place.name, kernel=3)).calibrate()
    layer = child.network.get_submodule(f"{place.name}.0")
    assert isinstance(layer, NewLayer)
    seen: list[torch.Tensor] = []
    layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        child.network.eval()(child.digits.calibrate)
    variance, average = torch.var_mean(seen[0], dim=(0, 2, 3))
    assert torch.allclose(layer.norm.running_mean, average, atol=1e-6)  # type: ignore[arg-type]
    assert torch.allclose(layer.norm.weight, (variance + layer.norm.eps).sqrt(), atol=1e-6)
    assert torch.allclose(layer.norm.bias, average, atol=1e-6)


def test_places_of_a_network_that_is_all_frozen() -> None:
    """Whether it is trained is no matter to where a layer can stand."""
    free, frozen = (
        NetworkSpec(host=Adopted(network=f"tests.networks.strangers:{name}"), channels=1, size=8, classes=10)
        for name in ("WithoutDropout", "AllFrozen")
    )
    assert depth_places(frozen) == depth_places(free) != ()


def test_no_new_layer_after_another_width(patients: GetPatient) -> None:
    """Groups part and join where layers come and go: what has another width then is refused in one line."""
    wide = patients("plain").operate(Widen(place="first", channels=20))
    with pytest.raises(InvalidSpec, match="another shape: layers come and go before widths change"):
        wide.operate(Deepen(place="stages.0.bottleneck.weight.before", kernel=3))


def test_deeper_where_a_cell_grows(patients: GetPatient) -> None:
    """A cell has the same place after a layer was put before it, and grows on."""
    parent = patients("post-activation").doubled()
    child = parent.operate(
        Replicate(path=(), count=2, place="network.grouped"),
        Deepen(place="network.grouped.before", kernel=3),
        Insert(path=(0,), place="network.grouped"),
    )
    assert relative_difference(parent.logits(), child.logits()) <= DOUBLE
    assert child.spec.parts.at("network.grouped.before") == Deep(kernels=(3,))
    assert str(child.spec.parts.cell_at("network.grouped")) == "add( 3x3G -> ( identity ), 3x3G )"


def test_what_is_removed_takes_its_parts_with_it(patients: GetPatient) -> None:
    """What stood in a layer or before it is no part of the network any more; all else keeps its weights."""
    parent = patients("post-activation")
    place = next(each for each in layer_places(parent.spec) if each.name == "network.dilated")
    grown = parent.operate(Replicate(path=(), count=2, place=place.name))
    child = grown.operate(Remove(place=place.name))
    assert child.spec.parts.own == ((place.name, Gone()),)
    before, after = parent.state(), child.state()
    assert all(torch.equal(after[name], before[name]) for name in after)
    assert before.keys() - after.keys() == {name for name in before if name.startswith(f"{place.name}.")}


def test_what_does_nothing_can_be_removed() -> None:
    """A layer that is the identity on what it reads: without it the network does what it did, to the bit."""
    spec = NetworkSpec(host=Chain(widths=(6, 6, 8)), channels=1, size=8, classes=10)
    network = build(spec).eval()
    initialise(network, 0)
    idle = network.get_submodule("layers.1")
    assert isinstance(idle.weight, nn.Conv2d)
    nn.init.dirac_(idle.weight.weight)
    assert isinstance(idle.norm, nn.BatchNorm2d)
    idle.norm.eps = 0.0
    child = operate(Operated(spec, network), Remove(place="layers.1"), torch.Generator())
    images = torch.randn(4, 1, 8, 8)
    assert torch.equal(network(images), child.network(images))
    assert [each.name for each in layer_places(spec)] == ["layers.1.weight", "layers.1"]


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (Deepen(place="nowhere.before", kernel=3), "there is no layer 'nowhere'"),
        (
            Deepen(place="norm.before", kernel=3),
            "norm.before: new layers stand before a convolution or a cell",
        ),
        (Deepen(place="first", kernel=3), "first: new layers stand before a convolution or a cell"),
        (Remove(place="nowhere"), "there is no layer 'nowhere'"),
    ],
)
def test_what_does_not_fit(patients: GetPatient, edit: Deepen | Remove, reason: str) -> None:
    """Is refused in one line."""
    with pytest.raises(InvalidSpec, match=reason):
        patients("plain").operate(edit)


def test_the_logits_are_always_written() -> None:
    """A classifier that happens to read as many channels as there are classes stays all the same."""
    spec = NetworkSpec(host=Chain(widths=(10, 10)), channels=1, size=8, classes=10)
    assert [each.name for each in layer_places(spec)] == ["layers.1.weight", "layers.1"]
