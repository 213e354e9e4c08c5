import json
import re
from pathlib import Path

import pytest

from nasflow.base.document import Document
from nasflow.base.errors import InvalidSpec
from nasflow.search.budget import BudgetRecord
from nasflow.search.record import (
    Attempt,
    BirthRecord,
    ChildRecord,
    FailedRecord,
    Receipt,
    TrainedRecord,
    TrainingRecord,
)
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.rounds import ControllerUpdate, FinishRecord, Proposal, SearchStop
from nasflow.search.schemas import DOCUMENTS, schemas
from nasflow.search.spaces import SPACES
from nasflow.spec.child import ChildSpec
from nasflow.steps import keys

OLD = Path(__file__).parents[1] / "golden/store"
"""Written by the version before the present schemas."""

KINDS: dict[str, type[Document]] = {
    "attempts": Attempt,
    "birth.json": BirthRecord,
    "record.json": ChildRecord,
    "spec.json": ChildSpec,
    "training.json": TrainingRecord,
    "budget.json": BudgetRecord,
    "config.json": ResolvedConfig,
    "finish.json": FinishRecord,
    "stop.json": SearchStop,
    "proposal.json": Proposal,
    "update.json": ControllerUpdate,
    "start.json": ChildSpec,
}
FILES = sorted(OLD.rglob("*.json"))


def kind_of(path: Path) -> type[Document]:
    """The document that a file of the store holds."""
    return KINDS["attempts" if path.parent.name == "attempts" else path.name]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(OLD)))
def test_what_an_older_version_wrote(path: Path) -> None:
    """Every document of an older store is read, and written again it is one of the present schema."""
    kind = kind_of(path)
    document = kind.from_json(path.read_bytes(), "store")
    again = kind.from_json(document.to_bytes(), "store")
    assert again.to_bytes() == document.to_bytes()
    assert json.loads(document.to_bytes())["schema_version"] == type(document).SCHEMA


def test_figures_of_an_older_record() -> None:
    """A record keeps its accuracy, its sizes, its cell and the receipts of its edits."""
    weights: list[str] = []
    for path in OLD.glob("children/*/record.json"):
        old, record = json.loads(path.read_bytes()), ChildRecord.from_json(path.read_bytes(), "store")
        assert isinstance(record, TrainedRecord)
        assert (record.accuracy, record.parameters, record.mult_adds) == (
            *(old["accuracy"], old["parameters"], old["mult_adds"]),
        )
        assert str(record.parts) == old["cell"]
        assert record.measures["held_out_accuracy"].unit == "share"
        for receipt, before in zip(edits(record.receipt), transforms(old["receipt"]), strict=True):
            assert receipt == before
        weights.append(record.weights)
    assert len(weights) == len(set(weights)) == 13


def edits(receipt: Receipt | None) -> list[tuple[str, float | None]]:
    """Kind and difference of each edit of a receipt."""
    return [(each.edit.kind, each.difference) for each in receipt.edits] if receipt else []


def transforms(receipt: dict[str, list[dict[str, dict[str, str]]]] | None) -> list[tuple[str, object]]:
    """The same of a receipt of schema 1."""
    return (
        [(each["transform"]["kind"], each["difference"]) for each in receipt["transforms"]] if receipt else []
    )


def test_a_failed_child_of_an_older_version() -> None:
    """It had no weights and no accuracy: what is known of it is read, at each of its steps."""
    old = {"schema_version": 1, "child": "c", "weights": None, "failure": "loss is nan"}
    record = old | {"cell": "( 3x3G )", "status": "failed", "accuracy": None, "parameters": 7, "mult_adds": 9}
    read = ChildRecord.from_data(record | {"receipt": None, "history": []}, "store")
    assert isinstance(read, FailedRecord)
    assert (read.failure, read.parameters, set(read.measures)) == (
        "loss is nan",
        7,
        {"parameters", "mult_adds"},
    )
    assert BirthRecord.from_data(old | {"births": [], "receipt": None}, "store").weights == ""
    assert TrainingRecord.from_data(old | {"history": []}, "store").weights == ""


def test_decisions_of_an_older_proposal() -> None:
    """An episode keeps its decisions and its cell; that its child grew from the start was not written."""
    path = OLD / "searches/old/rounds/0002/proposal.json"
    old, proposal = json.loads(path.read_bytes()), Proposal.from_json(path.read_bytes(), "store")
    for episode, before in zip(proposal.episodes, old["episodes"], strict=True):
        assert list(episode.decisions) == before["decisions"]
        assert str(episode.parts) == before["cell"]
        assert (episode.parent, episode.edits) == (None, ())


@pytest.mark.parametrize("kind", DOCUMENTS.values(), ids=DOCUMENTS)
def test_what_a_newer_version_writes(kind: type[Document]) -> None:
    """A newer document is refused in one line that says what to do."""
    newer = {"schema_version": kind.SCHEMA + 1, "something": "new"}
    with pytest.raises(InvalidSpec) as raised:
        kind.from_data(newer, "store")
    version = f"has schema version {kind.SCHEMA + 1}, and this nasflow reads 1 to {kind.SCHEMA}"
    assert str(raised.value) == f"store: {version}: upgrade nasflow"


def test_schemas() -> None:
    """Every document has a JSON Schema, and one is found by its name."""
    every = schemas()
    assert set(every) == set(DOCUMENTS)
    assert all(kind.__name__ in every for kind in KINDS.values() if kind is not ChildRecord)
    stored = set(re.findall(r"^\S+\.json +([A-Z]\w+)", str(keys.__doc__), re.MULTILINE))
    assert len(stored) >= 18
    assert stored <= set(every)
    assert schemas("Proposal") == every["Proposal"]
    with pytest.raises(InvalidSpec, match="no document is called 'Prposal': known are Tree, "):
        schemas("Prposal")


def test_what_may_be_written_as_text() -> None:
    """An editor that knows the schema takes what `nasflow search` takes: names, cells, amounts with units."""
    schema = schemas("SearchFile")
    properties = schema["properties"]
    for key in ("child", "start_cell"):
        assert {"type": "string"} in properties[key]["anyOf"]
    assert {"type": "string"} in properties["limits"]["additionalProperties"]["anyOf"]
    assert "string" in {each.get("type") for each in schema["$defs"]["Objective"]["anyOf"]}


def test_open_unions() -> None:
    """A space is of a built-in kind with its keys, or an object of a kind that is none of them."""
    *own, other = schemas("SearchFile")["properties"]["space"]["anyOf"]
    assert [each["$ref"].rpartition("/")[2] for each in own] == [space.__name__ for space in SPACES]
    assert other["properties"]["kind"]["not"] == {
        "enum": [space.model_fields["kind"].default for space in SPACES]
    }
