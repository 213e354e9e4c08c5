from copy import deepcopy
from pathlib import Path

import pytest
import torch
from torch import nn

import nasflow.networks.code
from nasflow.base.errors import InvalidSpec
from nasflow.networks import Cell, all_places, build, check_fit, initialise, thaw
from nasflow.networks.adopted import build_original, identified, make, put_cells
from nasflow.networks.code import written_code
from nasflow.networks.convolutions import check_cells, convolutions
from nasflow.spec.hosts import Adopted
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import CellPart, Parts
from nasflow.spec.places import Place
from nasflow.spec.tree import Tree
from nasflow.steps.adopt import check_runs

STRANGER = "tests.networks.strangers:PostActivation"


def host(network: str = STRANGER, cells: str | None = None) -> Adopted:
    """An adopted host."""
    return Adopted(network=network, cells=cells)


def spec(adopted: Adopted, channels: int = 3, size: int = 12, **changes: object) -> NetworkSpec:
    """A network of ten classes in it."""
    parts = {"host": adopted, "channels": channels, "size": size, "classes": 10}
    return NetworkSpec.model_validate(parts | changes)


def randomised(network: nn.Module) -> nn.Module:
    """BatchNorms as a training leaves them."""
    generator = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.3, generator=generator)
            module.running_var.uniform_(0.3, 2, generator=generator)
            module.weight.data.normal_(1, 0.5, generator=generator)
            module.bias.data.normal_(0, 0.5, generator=generator)
    return network.eval()


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        (None, ["stem.0", "grouped", "dilated"]),
        ("*", ["stem.0", "grouped", "depthwise", "dilated"]),
        ("d*", ["depthwise", "dilated"]),
        ("stem.*", ["stem.0"]),
    ],
)
def test_the_pattern_chooses_convolutions(cells: str | None, names: list[str]) -> None:
    """By name; without a pattern the 3x3 ones that are not depthwise."""
    assert [name for name, _ in convolutions(make(host(), 10), cells)] == names


@pytest.mark.parametrize("cells", [None, "*", "dilated"])
def test_cells_compute_what_the_convolutions_did(cells: str | None) -> None:
    """To the bit, in training mode too, with strides, groups, dilation, bias and padding of any kind."""
    network = randomised(make(host(), 10))
    grown = put_cells(deepcopy(network), host(cells=cells))
    images = torch.randn(4, 3, 12, 12)
    with torch.no_grad():
        assert torch.equal(grown(images), network(images))
        network.dropout.p = grown.dropout.p = 0.0  # type: ignore[union-attr]
        assert torch.equal(grown.train()(images), network.train()(images))
    assert any(isinstance(module, Cell) for module in grown.modules())


def test_torchvisions_resnet() -> None:
    """ResNet-18, 16 of its convolutions cells, is what it was, and grey images are shown to it in colour."""
    resnet = spec(host("torchvision:resnet18"), channels=1, size=32)
    original, start = build_original(resnet, resnet.host), build(resnet)  # type: ignore[arg-type]
    randomised(original)
    start.network = put_cells(deepcopy(original.network), resnet.host)  # type: ignore[arg-type]
    images = torch.randn(2, 1, 32, 32)
    with torch.no_grad():
        logits = original(images)
        assert torch.equal(start.eval()(images), logits)
    assert logits.shape == (2, 10)
    assert sum(isinstance(module, Cell) for module in start.modules()) == 16
    assert sum(each.numel() for each in start.parameters()) == 11_181_642


def test_frozen_layers() -> None:
    """What is frozen stays so in every branch of its cell; all that is drawn anew is trained."""
    cell = Tree.parse("add( 3x3G -> ( 1x1 ), 3x3G )")
    network = build(spec(host("tests.networks.strangers:Frozen"), parts=cell))
    frozen = {name for name, parameter in network.named_parameters() if not parameter.requires_grad}
    roots = {
        f"network.grouped.root.branches.{branch}.operation.weight.{name}"
        for branch in (0, 1)
        for name in ("weight", "bias")
    }
    assert frozen == roots | {
        f"network.{name}" for name in ("scale", "grouped_norm.weight", "grouped_norm.bias")
    }
    thaw(network)
    assert [name for name, each in network.named_parameters() if not each.requires_grad] == ["network.scale"]


def test_code_that_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused, of a class as of a factory from elsewhere; torchvision's is taken at its word."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("NASFLOW_ALLOW_CODE", "tests,edited,front")
    (tmp_path / "front.py").write_text("from edited import make")
    file = tmp_path / "edited.py"
    file.write_text(
        "from tests.networks.strangers import WithoutDropout\n"
        "from torch import nn\n"
        "class Mine(WithoutDropout): pass\n"
        "def make(): return nn.Sequential(nn.Conv2d(3, 10, 3))\n"
    )
    known = [identified(host(name), 10) for name in ("edited:Mine", "front:make")]
    codes = {each.code for each in known} | {identified(host(), 10).code}
    assert len(codes) == 3
    assert None not in codes
    for each in known:
        make(each, 10)
    file.write_text(f"{file.read_text()}# another line\n")
    # What is seen before the code is run, and, of a search that older code began, what is seen after.
    for each in known + [each.model_copy(update={"code": (each.code or "")[:16]}) for each in known]:
        nasflow.networks.code._source.cache_clear()
        written_code.cache_clear()
        with pytest.raises(InvalidSpec, match="its code is not what it was when its search began"):
            make(each, 10)
    assert identified(host("torchvision:resnet18"), 10).code is None


def test_code_that_is_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be found has not changed: where it should be is said."""
    monkeypatch.setenv("NASFLOW_ALLOW_CODE", "not_here")
    moved = host("not_here:make").model_copy(update={"code": "0" * 32})
    with pytest.raises(InvalidSpec, match=r"is not_here installed, or on PYTHONPATH\?"):
        make(moved, 10)


def test_the_same_in_every_process() -> None:
    """Built twice it has the same tensors, whatever was drawn before, and a seed decides the rest."""
    torch.manual_seed(1)
    first = build(spec(host()))
    torch.manual_seed(2)
    second = build(spec(host()))
    for network in (first, second):
        initialise(network, 3)
    assert all(
        torch.equal(a, b)
        for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    )


SPLIT = Parts(cell=Tree.parse("concat( 3x3G, 3x3G )"))


def test_which_cells_fit() -> None:
    """Each place has its own width and groups; a depthwise convolution cannot be cut."""
    assert all_places(host()) == (
        Place("network.stem.0", "cell", 8, 1),
        Place("network.grouped", "cell", 12, 2),
        Place("network.dilated", "cell", 12, 1),
    )
    check_fit(SPLIT, host())
    with pytest.raises(InvalidSpec, match="12 channels cannot be shared by 2 branches in units of 12"):
        check_fit(SPLIT, host(cells="*"))


def test_cells_of_their_own() -> None:
    """Each place has its own cell, or the shared one; what does not fit its place is refused, by its name."""
    own = CellPart(tree=Tree.parse("( 3x3G -> ( ds3 ) )"))
    network = build(spec(host(cells="*"), parts=Parts().put("network.depthwise", own)))
    trees = {name: str(each.tree) for name, each in network.named_modules() if isinstance(each, Cell)}
    assert trees == {
        "network.stem.0": "( 3x3G )",
        "network.grouped": "( 3x3G )",
        "network.depthwise": "( 3x3G -> ( ds3 ) )",
        "network.dilated": "( 3x3G )",
    }
    cut = CellPart(tree=SPLIT.cell)
    for misfit, message in (
        (Parts().put("network.depthwise", cut), "cannot be shared by 2 branches in units of 12"),
        (Parts().put("depthwise", own), "there is no place 'depthwise': known are network.stem.0, "),
    ):
        with pytest.raises(InvalidSpec, match=message):
            check_fit(misfit, host(cells="*"))
        with pytest.raises(InvalidSpec, match=message):
            build(spec(host(cells="*"), parts=misfit))


@pytest.mark.parametrize(
    ("adopted", "message"),
    [
        (
            host(cells="layer*"),
            "'layer\\*' fits none of its convolutions, and `cells: .* fits all: stem.0, grouped, depthwise",
        ),
        (host("no_such_module:make"), "No module named 'no_such_module': is no_such_module installed"),
        (
            host("tests.networks.needy:make"),
            "tests.networks.needy is there and asks for nobody_has_this: install that",
        ),
        (host("tests.networks.strangers:nobody"), "tests.networks.strangers has no function 'nobody'"),
        (host("tests.networks.strangers:broken"), "RuntimeError: no licence for this network"),
        (host("tests.networks.strangers:no_network"), "gives a dict: a torch.nn.Module is wanted"),
        (
            host("tests.networks.strangers:twice"),
            "dilated and again share weights: leave them",
        ),
        (host("torchvision:resnet1"), "torchvision has no classifier 'resnet1': did you mean 'resnet"),
    ],
)
def test_what_cannot_be_adopted(adopted: Adopted, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each in one line that says what is missing."""
    monkeypatch.setenv("NASFLOW_ALLOW_CODE", "tests,no_such_module")
    with pytest.raises(InvalidSpec, match=message):
        build(spec(adopted))


def test_nothing_becomes_a_cell() -> None:
    """A network without convolutions is adopted as it is: a search of its layers needs no cells."""
    network, asked = nn.Sequential(nn.Flatten(), nn.Linear(48, 2)), host()
    before = str(network)
    assert str(put_cells(network, asked)) == before
    with pytest.raises(
        InvalidSpec, match=r"it has no convolution .torch.nn.Conv2d. that could become a cell"
    ):
        check_cells(network, asked)


@pytest.mark.filterwarnings("ignore:The default weight initialization")
def test_what_is_said_besides_in_training() -> None:
    """A network that gives its logits by name among others is trained by them (GoogLeNet, Inception)."""
    host = Adopted(network="torchvision:googlenet", cells="inception3a.branch2.1.conv")
    spec = NetworkSpec(host=host, channels=3, size=64, classes=10)
    check_runs(spec, host)
    assert build(spec).train()(torch.zeros(2, 3, 64, 64)).shape == (2, 10)
