from typing import Any

import pytest
from pydantic import TypeAdapter

from nasflow.base.document import Document
from nasflow.base.errors import InvalidSpec
from nasflow.spec.hosts import (
    HOSTS,
    Adopted,
    AnyHost,
    Chain,
    CondenseNet,
    DenseNet,
    Host,
    PyramidNet,
    Written,
)

ANY_HOST: TypeAdapter[Host] = TypeAdapter(AnyHost)

SAMPLES: tuple[Host, ...] = (
    DenseNet(growth=12, blocks=2, groups=2),
    PyramidNet(widening=9, blocks=2),
    CondenseNet(),
    Chain(widths=(4, 6), pools=(1,)),
    Written(layers=3),
    Adopted(network="torchvision:resnet18", cells="layer4.*"),
)


class Holder(Document):
    """A document round a host, to see its messages."""

    host: AnyHost


def test_a_sample_of_each() -> None:
    """Every kind is looked at here."""
    assert tuple(map(type, SAMPLES)) == HOSTS


@pytest.mark.parametrize("host", SAMPLES)
def test_json_both_ways(host: Host) -> None:
    """A host is read back from its JSON as the kind that it was."""
    holder = Holder(host=host)
    again = Holder.from_json(holder.to_bytes(), "here")
    assert type(again.host) is type(host)
    assert again == holder
    assert holder.model_dump(mode="json")["host"]["kind"] == host.kind


def test_without_a_kind() -> None:
    """What was written when DenseNet was the only host is read as one."""
    assert ANY_HOST.validate_python({"growth": 48, "blocks": 6}) == DenseNet(growth=48, blocks=6)


def test_defaults_of_the_paper() -> None:
    """The host is the paper's unless something else is said: three stages, half the channels between."""
    host = DenseNet(growth=48, blocks=6)
    assert (host.groups, host.stages, host.reduction) == (1, 3, 0.5)


@pytest.mark.parametrize(
    ("host", "channels", "groups"),
    [
        (DenseNet(growth=12, blocks=2, groups=2, stages=2), (12, 12, 12, 12), {2}),
        # As many channels more from block to block: 16 + 9, in multiples of the groups.
        (PyramidNet(widening=9, blocks=1, groups=2), (18, 22, 24), {2}),
        (
            CondenseNet(layers=(2, 3), growth=(8, 16), cells=(0, 2), groups=4),
            (16, 16),
            {4},
        ),
        (Chain(widths=(4, 6)), (4, 6), {1}),
    ],
)
def test_places(host: Host, channels: tuple[int, ...], groups: set[int]) -> None:
    """A host knows its places from first to last: the name, the channels and the groups of each."""
    assert host.places is not None
    assert tuple(place.channels for place in host.places) == channels
    assert {place.groups for place in host.places} == groups
    assert len({place.name for place in host.places}) == len(channels)
    assert {place.kind for place in host.places} == {"width" if isinstance(host, Chain) else "cell"}


def test_places_that_only_the_network_knows() -> None:
    """A network that somebody else wrote is not read for its places here: that takes torch."""
    adopted = SAMPLES[-1]
    assert adopted.places is None
    assert adopted.least_size == 1


@pytest.mark.parametrize(
    ("host", "size"), [(SAMPLES[0], 4), (SAMPLES[1], 4), (SAMPLES[2], 32), (SAMPLES[3], 2)]
)
def test_least_size(host: Host, size: int) -> None:
    """Smaller images would be pooled away."""
    assert host.least_size == size


@pytest.mark.parametrize(
    ("host", "message"),
    [
        (
            {"kind": "densnet"},
            "host: no kind is called 'densnet': take densenet, pyramidnet, condensenet, chain, ",
        ),
        ({"kind": "nasnet"}, "host: no kind is called 'nasnet'"),
        ({"kind": "chain", "widhts": [4]}, "unknown key 'host.widhts': did you mean 'widths'?"),
        ({"kind": "chain", "widths": []}, "host.widths: "),
        ({"kind": "chain", "widths": [4, 0]}, "host.widths.1: Input should be greater than or equal to 1"),
        ({"kind": "chain", "widths": [4], "pools": [2]}, "host: pools"),
        ({"kind": "chain", "widths": [4], "pools": [1, 1]}, "host: pools"),
        ({"growth": 12}, "host.blocks: Field required"),
        ({"kind": "condensenet", "cells": [9, 0, 0, 0, 0]}, "host: a stage of 4 layers cannot hold 9 cells"),
        ({"kind": "adopted", "network": "resnet18"}, "host.network: torchvision:NAME or module:factory is"),
        ([], "host: a mapping with a `kind` is wanted: densenet, pyramidnet"),
    ],
)
def test_messages(host: Any, message: str) -> None:
    """What is no host is refused with the key and the nearest right one, or with the kinds that there are."""
    with pytest.raises(InvalidSpec) as raised:
        Holder.from_data({"host": host}, "here")
    assert str(raised.value).startswith(f"here: {message}")
    assert str(raised.value).isprintable()
