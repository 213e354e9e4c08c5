import json
from pathlib import Path
from typing import Any

import pytest

from nasflow.base.errors import InvalidSpec
from nasflow.spec.child import ChildSpec
from nasflow.spec.edits import Insert, Replicate
from nasflow.spec.hosts import DenseNet
from nasflow.spec.origin import Brought, Grown, Scratch
from nasflow.spec.parts import Parts
from nasflow.spec.recipe import Distil

OLD = Path(__file__).parents[1] / "golden/store/children"
"""Written by the version before origins and places."""


def ids_of_changes(child: ChildSpec, part: str | None, changes: dict[str, Any]) -> set[str]:
    """The ids of the children that differ in one field each."""
    ids = set()
    for name, value in changes.items():
        if part is None:
            other = child.model_copy(update={name: value})
        else:
            inner = getattr(child, part).model_copy(update={name: value})
            other = child.model_copy(update={part: inner})
        assert other != child, name
        ids.add(other.id)
    return ids


def test_id_is_golden(child: ChildSpec) -> None:
    """The child bank names children by their ids: those of yesterday must be found tomorrow."""
    assert child.id == "0d037ea0224d32d8"


def test_id_without_the_path(child: ChildSpec) -> None:
    """Where the data lie is no part of what a child is."""
    for path in (None, "/elsewhere"):
        data = child.data.model_copy(update={"spec": child.data.spec.model_copy(update={"path": path})})
        assert child.model_copy(update={"data": data}).id == child.id


def test_id_survives_storage(child: ChildSpec) -> None:
    """A child read back from the store has the same id."""
    assert ChildSpec.from_json(child.to_bytes(), "store").id == child.id


CHANGES: dict[str | None, dict[str, Any]] = {
    None: {"origin": Scratch(), "seed": 8, "teachers": ("e" * 16,), "measures": ()},
    "network": {
        "parts": Parts.model_validate("( 3x3G -> ( max3 ) )"),
        "channels": 2,
        "size": 9,
        "classes": 11,
        "host": DenseNet(growth=12, blocks=2),
    },
    "data": {
        "fingerprint": "e" * 64,
        "channels": 2,
        "size": 9,
        "classes": 11,
        "train_images": 999,
        "held_out_images": 299,
        "mean": (0.31,),
        "std": (0.41,),
    },
    "recipe": {
        "epochs": 21,
        "batch_size": 65,
        "learning_rate": 0.1,
        "momentum": 0.8,
        "weight_decay": 0.0,
        "augmentation": "standard",
        "cutout": 8,
        "drop_path": 0.1,
        "condense": True,
        "group_lasso": 1e-5,
        "distil": Distil(),
        "curve": True,
        "precision": "bfloat16",
        "channels_last": True,
        "cpu_threads": 2,
        "gate_share": 0.2,
    },
}
"""Another value of each field: of the child itself, and of its parts."""

UNSEEN: dict[str | None, dict[str, Any]] = {"data": {"test": "f" * 64, "class_names": ("cat", "dog")}}
"""What no training sees."""


def test_id_changes_with_each_field(child: ChildSpec) -> None:
    """Each field of a child is part of what it is."""
    for part, changed in CHANGES.items():
        model = child if part is None else getattr(child, part)
        known = {"schema_version", "spec", "first_id", *changed, *UNSEEN.get(part, ()), *CHANGES}
        left = set(type(model).model_fields) - known
        assert not left, f"a new field of {part or 'the child'} needs a line here"
        assert len(ids_of_changes(child, part, changed) | {child.id}) == len(changed) + 1


def test_what_no_training_sees_is_no_part_of_the_id(child: ChildSpec) -> None:
    """Two searches with other test images, or other names for the classes, share their children."""
    for part, changed in UNSEEN.items():
        assert ids_of_changes(child, part, changed) == {child.id}


@pytest.mark.parametrize(
    "change", [{"name": "cifar10"}, {"held_out": 301}, {"train_images": None}, {"size": 8}, {"seed": 1}]
)
def test_id_changes_with_the_data_set(child: ChildSpec, change: dict[str, Any]) -> None:
    """Another split of the data is another child."""
    spec = child.data.spec.model_copy(update=change)
    data = child.data.model_copy(update={"spec": spec})
    assert child.model_copy(update={"data": data}).id != child.id


def test_id_form(child: ChildSpec) -> None:
    """An id is sixteen hexadecimal digits."""
    assert len(child.id) == 16
    assert int(child.id, 16) >= 0


def test_id_changes_with_the_origin(child: ChildSpec) -> None:
    """Other weights to begin with, or another way from them, is another child."""
    grow = Insert(path=(0,))
    origins = (
        Scratch(),
        Brought(weights="c" * 64),
        Brought(weights="d" * 64),
        Grown(parent="a" * 16, edits=(grow,)),
        Grown(parent="b" * 16, edits=(grow,)),
        Grown(parent="a" * 16),
        Grown(parent="a" * 16, edits=(Replicate(path=(), count=2),)),
        Grown(parent="a" * 16, edits=(grow.model_copy(update={"place": "stages.0.cell"}),)),
    )
    children = [child.model_copy(update={"origin": origin}) for origin in origins]
    assert len({each.id for each in children}) == len(origins)
    assert [each.parent for each in children] == [None] * 3 + ["a" * 16, "b" * 16] + ["a" * 16] * 3


@pytest.mark.parametrize("folder", sorted(OLD.iterdir()), ids=lambda folder: folder.name)
def test_ids_of_an_older_version(folder: Path) -> None:
    """A child that was written before keeps its id, and tells as much of its origin as was known."""
    text = (folder / "spec.json").read_bytes()
    child, old = ChildSpec.from_json(text, "store"), json.loads(text)
    assert child.id == folder.name
    assert child.parent == old["parent"]
    assert isinstance(child.origin, Grown if old["parent"] else Scratch)
    assert str(child.network.parts) == old["network"]["cell"]


def test_a_brought_start_of_an_older_version() -> None:
    """Weights that somebody brought were a field of their own, and are an origin now."""
    old = json.loads((OLD / "2f5118c32252728f/spec.json").read_bytes())
    brought = ChildSpec.from_data(old | {"parent": None, "weights": "e" * 64}, "store")
    assert brought.origin == Brought(weights="e" * 64)


@pytest.mark.parametrize(
    "change",
    [{"data": {}}, {"data": None}, {"data": {"spec": 5}}, {"network": None}, {"parent": 5}],
)
def test_what_is_no_child_of_an_older_version(change: dict[str, Any]) -> None:
    """A broken one is refused with one line."""
    old = json.loads((OLD / "2f5118c32252728f/spec.json").read_bytes())
    with pytest.raises(InvalidSpec, match="store: ") as raised:
        ChildSpec.from_data(old | change, "store")
    assert str(raised.value).isprintable()
