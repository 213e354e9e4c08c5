import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.plugin import install_plugin

from nasflow.base.document import Document
from nasflow.base.errors import InvalidSpec
from nasflow.base.plugins import plugged
from nasflow.spec.child import ChildSpec
from nasflow.spec.data import DATA_SETS, PLUGGED_DATA_SETS, DataSpec, KnownDataSet, known_data_set

ROW = """
from nasflow.spec.data import KnownDataSet
ROW = KnownDataSet(address="images_of_theirs:IMAGES", held_out=9)
"""


class Holder(Document):
    """A document round a data set, to see its messages."""

    data: DataSpec


@pytest.mark.parametrize("missing", ["path", "size"])
def test_image_folder(missing: str) -> None:
    """An image folder needs its place and the size of its images."""
    data = {"name": "image-folder", "held_out": 10, "path": "/images", "size": 32}
    assert Holder.from_data({"data": data}, "here").data.size == 32
    del data[missing]
    with pytest.raises(InvalidSpec, match="needs `path`"):
        Holder.from_data({"data": data}, "here")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            {"name": "imagenet"},
            f"data.name: no data set is called 'imagenet': known are {', '.join(DATA_SETS)} (given",
        ),
        (
            {"name": "image-folder"},
            "data: an image-folder needs `path` (with a folder a class inside) and `size`",
        ),
    ],
)
def test_what_a_data_set_needs(data: dict[str, object], message: str) -> None:
    """An unknown name and a missing or needless key are one line, before any image is looked for."""
    with pytest.raises(InvalidSpec, match=re.escape(f"here: {message}")):
        Holder.from_data({"data": data | {"held_out": 10}}, "here")


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Installs a package with a data set `theirs`, which this code makes known."""

    def install(row: str) -> None:
        group, address = PLUGGED_DATA_SETS, "row_of_theirs:ROW"
        install_plugin(monkeypatch, tmp_path, group, "theirs", address, row_of_theirs=row)

    yield install
    plugged.cache_clear()


def test_a_data_set_that_is_plugged_in(plugin: Callable[[str], None]) -> None:
    """A package adds a data set without a line here; without the package nobody knows it."""
    assert known_data_set("theirs") is None
    plugin(ROW)
    assert known_data_set("theirs") == KnownDataSet(address="images_of_theirs:IMAGES", held_out=9)
    assert DataSpec(name="theirs", held_out=3).known.held_out == 9
    assert "theirs" not in DATA_SETS


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            "raise RuntimeError",
            "nasflow.data_sets 'theirs': row_of_theirs:ROW cannot be loaded (RuntimeError",
        ),
        ("ROW = 3", "nasflow.data_sets 'theirs': a KnownDataSet is wanted, not a int"),
    ],
)
def test_a_broken_plug_in(plugin: Callable[[str], None], row: str, message: str) -> None:
    """A package that cannot be loaded, or offers something else, is one line at the key that wants it."""
    plugin(row)
    with pytest.raises(InvalidSpec, match=re.escape(f"here: data.name: {message}")) as caught:
        Holder.from_data({"data": {"name": "theirs", "held_out": 10}}, "here")
    assert "\n" not in str(caught.value)


def test_identity(child: ChildSpec) -> None:
    """The identity of data holds all facts but the path."""
    identity = child.data.identity()
    assert "path" not in str(identity)
    assert identity["fingerprint"] == child.data.fingerprint
