"""What holds for every kind of edit and its surgeon: a new kind has an example here, and passes."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest
import torch
from pydantic import TypeAdapter
from tests.surgery.patients import EACH_HOST, HOSTS, INSERTED, Patient

from nasflow.networks import all_places, build
from nasflow.spec.edits import (
    EDITS,
    AnyEdit,
    CellEdit,
    Deepen,
    Edit,
    Insert,
    Narrow,
    Remove,
    Replace,
    Replicate,
    Split,
    Widen,
)
from nasflow.spec.hosts import Host
from nasflow.spec.network import NetworkSpec
from nasflow.spec.places import Place
from nasflow.spec.tree import CELL_OPERATIONS, Operation
from nasflow.surgery import TOLERANCE, gated_logits, operate, relative_difference
from nasflow.surgery.places import depth_places, layer_places, width_places

READER: TypeAdapter[Edit] = TypeAdapter(AnyEdit)


@dataclass(frozen=True)
class Example:
    """An edit of a network that other edits have made ready for it."""

    edit: Edit
    before: tuple[Edit, ...] = ()

    def __str__(self) -> str:
        return f"{self.edit} after {len(self.before)} others"


SUMMED = (Replicate(path=(), count=2), Insert(path=(1,)), Replace(path=(1, 0), operation=Operation.DS3))
"""`add( 3x3G, 3x3G -> ( ds3 ) )`, of which the ds3 is shut."""

EXAMPLES: dict[type[Edit], list[tuple[Edit, tuple[Edit, ...]]]] = {
    Replicate: [
        (Replicate(path=(), count=3), INSERTED),
        (Replicate(path=(1,), count=2), SUMMED),
    ],
    Split: [
        (Split(path=(), count=2), ()),
        (Split(path=(0,), count=2), INSERTED),
        (Split(path=(1,), count=3), SUMMED),
    ],
    Insert: [(Insert(path=(0,)), ()), (Insert(path=(0,)), SUMMED), (Insert(path=(1, 0)), SUMMED)],
    Replace: [(Replace(path=(0, 0), operation=operation), INSERTED) for operation in CELL_OPERATIONS],
    Widen: [(Widen(place="somewhere", channels=4), ())],
    Deepen: [(Deepen(place="somewhere.before", kernel=5), ())],
    Narrow: [(Narrow(place="somewhere", channels=4), ())],
    Remove: [(Remove(place="somewhere"), ())],
}
"""By kind: edits of networks that some others made ready, in every host that takes them; those of channel
groups and of layers are made for the places that there are."""


def examples() -> list[Example]:
    """All of them, without their places: to find those takes seconds."""
    return [Example(edit, before) for cases in EXAMPLES.values() for edit, before in cases]


def _placed(edit: Edit, host: Host) -> list[Edit]:
    """The edit everywhere and in the last place for a cell; or in some of the other places."""
    if isinstance(edit, CellEdit):
        return [edit, edit.model_copy(update={"place": all_places(host)[-1].name})]
    spec = NetworkSpec(host=host, channels=1, size=8, classes=10)
    if isinstance(edit, Deepen | Remove):
        places = depth_places(spec) if isinstance(edit, Deepen) else layer_places(spec)
        return [edit.model_copy(update={"place": each.name}) for each in places[::2]]
    return [
        edit.model_copy(update={"place": each.name, "channels": channels})
        for each in width_places(spec)[::3]
        for channels in _widths(edit, each)
    ]


def _widths(edit: Edit, group: Place) -> tuple[int, ...]:
    """A little more, and far more; or the same with less."""
    channels, block = group.channels, group.groups
    if isinstance(edit, Widen):
        return channels + block, 3 * channels
    return (channels - block, block) if channels > block else ()


def test_every_kind_has_an_example() -> None:
    """No kind of edit is left out here."""
    assert set(EXAMPLES) == set(EDITS)
    assert all(type(edit) is kind for kind, cases in EXAMPLES.items() for edit, _ in cases)


@pytest.fixture(scope="module")
def prepared(patients: Callable[[str], Patient]) -> Callable[[str, tuple[Edit, ...]], Patient]:
    """A host's network after some edits; whatever has grown in it is heard."""
    return cache(lambda host, before: patients(host).operate(*before).awaken())


@pytest.mark.parametrize("example", examples(), ids=str)
@pytest.mark.parametrize("host", EACH_HOST)
def test_what_becomes_of_the_network(
    prepared: Callable[[str, tuple[Edit, ...]], Patient], host: str, example: Example
) -> None:
    """The surgeon makes what the spec says, in each place."""
    parent = prepared(host, example.before)
    for edit in _placed(example.edit, HOSTS[host]):
        check(parent, edit)


def check(parent: Patient, edit: Edit) -> None:
    """The modules are those that are built, the parent is left alone, and what preserves is preserved on
    images that nothing saw.
    """
    before = parent.state()
    generator = torch.Generator().manual_seed(0)
    child = operate(parent.operated, edit, generator)
    assert child.spec == edit.apply(parent.spec), edit
    wanted = build(child.spec).state_dict()
    state = child.network.state_dict()
    assert list(state) == list(wanted)
    assert all(state[name].shape == each.shape for name, each in wanted.items())
    assert all(state[name].dtype == each.dtype for name, each in wanted.items())
    assert all(torch.equal(tensor, before[name]) for name, tensor in parent.state().items())
    if edit.preserves:
        difference = relative_difference(parent.logits(), gated_logits(child, parent.unseen))
        assert difference <= TOLERANCE, edit


@pytest.mark.parametrize("kind", EDITS)
def test_json(kind: type[Edit]) -> None:
    """An edit is read from JSON as it was written, among all kinds, and can be said in one line."""
    for example, _ in EXAMPLES[kind]:
        there = [example.model_copy(update={"place": "somewhere"})] if isinstance(example, CellEdit) else []
        for edit in (example, *there):
            written = edit.model_dump_json()
            assert READER.validate_json(written) == edit
            assert json.loads(written)["kind"] == edit.kind
            assert str(edit).isprintable()
