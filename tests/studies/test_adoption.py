"""What can be done to somebody else's network."""

from pathlib import Path

import pytest
from tests.cli.calling import call

from nasflow.studies import adoption
from nasflow.studies.adoption import Adoption, Adoptions, adoption_table, classifiers, try_network

STRANGER = "tests.networks.strangers:PostActivation"


def test_a_plain_network() -> None:
    """Grown, widened, narrowed, exported: all of it is tried."""
    found = try_network(STRANGER)
    assert found.refused == {}
    assert found.size == adoption.SIZES[0]
    assert found.cells > 1
    assert found.groups > 1
    assert found.narrowed
    assert found.exported


@pytest.mark.long
@pytest.mark.parametrize(
    "name",
    ["resnet18", "mobilenet_v3_small", "shufflenet_v2_x0_5", "squeezenet1_1", "googlenet", "convnext_tiny"],
)
def test_networks_of_torchvision(name: str) -> None:
    """All of it goes, whatever they are made of."""
    found = try_network(name)
    assert found.refused == {}
    assert found.cells > 1
    assert found.groups > 1
    assert found.narrowed > 1


def test_what_cannot_be_adopted() -> None:
    """Nothing else is tried, and the reason is told."""
    found = try_network("tests.networks.strangers:nowhere")
    assert list(found.refused) == ["adopted"]
    assert "nowhere" in found.refused["adopted"]
    assert (found.size, found.cells, found.exported) == (None, 0, False)


def test_torchvision_has_many() -> None:
    """All its classifiers are tried."""
    assert {"resnet18", "mobilenet_v2", "vit_b_16", "swin_t", "googlenet"} <= set(classifiers())


def test_the_table() -> None:
    """A row each, with what does not go and why; a bar in a reason does not break it."""
    told = adoption_table([Adoption(network="a", size=64, cells=3, refused={"widened": "one | other"})])
    assert told.splitlines()[-1] == "| a | 64 | 3 | 0 | 0 | no | widened: one / other |"


def test_a_pattern_of_nothing(tmp_path: Path) -> None:
    """It is refused, and nothing is written."""
    said = call("study", "adopt", "--output", tmp_path / "adoption.json", "--only", "resnet")
    assert (said.code, said.out) == (2, "")
    assert "--only resnet: no classifier of torchvision is called so" in said.error
    assert not [*tmp_path.iterdir()]


@pytest.mark.long
def test_what_is_known_is_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file grows by what is not in it."""
    monkeypatch.setattr(adoption, "classifiers", lambda: ["known", STRANGER, "other"])
    file = tmp_path / "adoption.json"
    known = Adoption(network="known", cells=5)
    file.write_bytes(Adoptions(networks=(known,)).to_bytes())
    said = call("study", "adopt", "--output", file, "--only", "*[!r]")
    assert said.code == 0, said.err
    found = Adoptions.from_json(file.read_bytes(), "here").networks
    assert found[0] == known
    assert [each.network for each in found] == ["known", STRANGER]
    assert said.out.count("\n") == 4
