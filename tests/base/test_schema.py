"""The schemas of documents: older ones are brought up, and one text stands for one document."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from tests.base.test_document import refusal

from nasflow.base.document import Document, canonical_json
from nasflow.search.config import SearchConfig
from nasflow.search.rounds import ControllerUpdate


class Renamed(Document):
    """A document whose one key was called otherwise in schema 1, and whose letters were small in schema 2."""

    SCHEMA = 3

    name: str

    @classmethod
    def upgrade(cls, data: dict[str, Any]) -> dict[str, Any]:
        """See Document."""
        old = data["label"] if data["schema_version"] == 1 else data["name"]
        return {"name": old.upper()}


def test_older_schemas() -> None:
    """What an older version wrote is read as what it would be now, and has the present version then."""
    for old in ({"schema_version": 1, "label": "a"}, {"schema_version": 2, "name": "a"}):
        assert Renamed.from_data(old, "here") == Renamed(name="A")
    assert Renamed.from_data({"name": "a"}, "here").model_dump() == {"schema_version": 3, "name": "a"}


@pytest.mark.parametrize("data", [{}, {"label": None}, {"label": 5}, {"name": "a"}])
def test_what_is_no_older_document(data: dict[str, Any]) -> None:
    """What an upgrade stumbles over is refused with one line that names document and version."""
    text = refusal(Renamed, data | {"schema_version": 1})
    assert text.startswith("search.yaml: is no Renamed of schema version 1 (")
    assert text.isprintable()


def test_canonical_json() -> None:
    """The canonical JSON has sorted keys and no spaces, and keeps letters as they are."""
    assert canonical_json({"b": [1, 2.5], "a": "é"}) == '{"a":"é","b":[1,2.5]}'


def test_key_order_means_nothing(search: dict[str, Any]) -> None:
    """Two files that differ in the order of their keys or in 1 and 1.0 are one document."""
    search["start"]["learning_rate"] = 1
    one = SearchConfig.from_data(search, "here")
    search["start"]["learning_rate"] = 1.0
    other = SearchConfig.from_data(dict(reversed(search.items())), "there")
    assert one.digest() == other.digest()


def test_frozen(search: dict[str, Any]) -> None:
    """A document cannot be changed after it was read."""
    config: BaseModel = SearchConfig.from_data(search, "here")
    with pytest.raises(ValidationError, match="frozen"):
        config.__setattr__("name", "other")


@pytest.mark.parametrize("data", [[], "text", None, 3])
def test_no_mapping(data: Any) -> None:
    """A document is a mapping and nothing else."""
    assert "a SearchConfig is a mapping, this is" in refusal(SearchConfig, data)


def test_keys_of_a_metric() -> None:
    """A line break in a user's key does not get into the message."""
    data = {"round": 1, "controller": None, "metrics": {"a\nb": "x"}}
    assert refusal(ControllerUpdate, data).startswith(r"search.yaml: metrics.a\nb: ")
