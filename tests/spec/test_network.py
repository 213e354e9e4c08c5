from typing import Any

import pytest
from hypothesis import given, settings
from tests.strategies import network_specs

from nasflow.base.errors import InvalidSpec
from nasflow.spec.host import DenseNet
from nasflow.spec.network import NetworkSpec


@settings(max_examples=30, deadline=None)
@given(spec=network_specs())
def test_digest_follows_the_content(spec: NetworkSpec) -> None:
    """Equal networks have equal digests, another image size another one."""
    assert spec.model_copy().digest() == spec.digest()
    assert spec.model_copy(update={"size": spec.size + 1}).digest() != spec.digest()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"size": 3}, "a densenet like this needs images of 4 pixels at least"),
        ({"size": 0}, "size: Input should be greater than or equal to 1"),
        ({"classes": 1}, "classes: Input should be greater than or equal to 2"),
        ({"cell": "concat( 3x3G, 3x3G, 3x3G )"}, "2 channels cannot be shared by 3 branches"),
        ({"cell": "( 3x3G"}, "cell: cell '"),
        ({"host": {"growth": 2, "blocks": 1, "reduction": 0.1}}, "leaves no channel"),
        ({"host": {"growth": 3, "blocks": 1, "groups": 2}}, "not a multiple of groups"),
    ],
)
def test_what_cannot_be_built(change: dict[str, Any], reason: str) -> None:
    """A network that could not be built is refused as a spec."""
    data = {"host": {"growth": 2, "blocks": 1}, "channels": 1, "size": 8, "classes": 10} | change
    with pytest.raises(InvalidSpec, match=reason):
        NetworkSpec.from_data(data, "here")


def test_defaults_of_the_host() -> None:
    """The host is the paper's unless something else is said: three stages, half the channels between."""
    host = DenseNet(growth=48, blocks=6)
    assert (host.groups, host.stages, host.reduction) == (1, 3, 0.5)
