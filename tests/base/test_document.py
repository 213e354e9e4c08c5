import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from nasflow.base.document import MAXIMUM_BYTES, Document, canonical_json
from nasflow.base.errors import InvalidSpec
from nasflow.search.config import SearchConfig
from nasflow.search.record import BirthRecord, ChildRecord, FailedRecord, TrainedRecord, TrainingRecord
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.rounds import ControllerUpdate, Proposal
from nasflow.spec.child import ChildSpec
from nasflow.spec.network import NetworkSpec
from nasflow.spec.tree import Tree

DOCUMENTS: list[type[Document]] = [
    *(Tree, NetworkSpec, SearchConfig, ResolvedConfig, ChildSpec, Proposal, ControllerUpdate),
    *(ChildRecord, TrainedRecord, FailedRecord, BirthRecord, TrainingRecord),
]
KEYS = st.sampled_from(
    [
        *("schema_version", "root", "kind", "path", "random", "densenet", "host", "name", "cell", "parts"),
        *("own", "status", "trained", "failed", "receipt", "transforms", "episodes", "data", "weights"),
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | KEYS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


def refusal(document: type[Document], data: Any) -> str:
    """The message with which a document refuses data."""
    with pytest.raises(InvalidSpec) as raised:
        document.from_data(data, "search.yaml")
    return str(raised.value)


def changed(data: dict[str, Any], place: str, value: Any) -> dict[str, Any]:
    """`data` with another value at `place`, e.g. `host.growth`."""
    *above, last = place.split(".")
    inner = data
    for key in above:
        inner = inner.setdefault(key, {})
    inner[last] = value
    return data


def padded(frames: int, text: str) -> None:
    """Read `text` as a tree with `frames` frames of the stack already used."""
    if frames:
        padded(frames - 1, text)
    else:
        Tree.from_json(text, "here")


@settings(max_examples=100, deadline=None)
@given(document=st.sampled_from(DOCUMENTS), data=VALUES)
def test_any_json(document: type[Document], data: Any) -> None:
    """Whatever JSON comes, also with NaN, it is a document or one line says why not."""
    message = "here: read"
    try:
        read = document.from_json(json.dumps(data), "here")
        assert document.from_json(read.to_bytes(), "there") == read
    except InvalidSpec as error:
        message = str(error)
    assert message.startswith("here: ")
    assert message.isprintable()


@settings(max_examples=100, deadline=None)
@given(document=st.sampled_from(DOCUMENTS), data=st.binary(max_size=200))
def test_any_bytes(document: type[Document], data: bytes) -> None:
    """Random bytes are refused with one line."""
    with pytest.raises(InvalidSpec) as raised:
        document.from_json(data, "here")
    assert "\n" not in str(raised.value)


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_one_value_away(data: st.DataObject) -> None:
    """A configuration in which any one value is replaced by any other is read, or refused in one line."""
    host = {"growth": 4, "blocks": 1}
    config = SearchConfig.model_validate(
        {
            "name": "a",
            "data": {"name": "digits", "held_out": 9},
            "host": host,
            "start": {},
            "budget": {"rounds": 1},
            "limits": {"parameters": "3M"},
            "objective": {"maximise": "held_out_accuracy", "trade": {"latency": {"target": 1, "weight": 1}}},
            "finish": {"host": host, "recipe": {}},
        }
    ).model_dump(mode="json")
    inner: Any = config
    while True:
        key = data.draw(st.sampled_from(sorted(inner)))
        if not isinstance(inner[key], dict) or not inner[key] or data.draw(st.booleans()):
            break
        inner = inner[key]
    inner[key] = data.draw(VALUES)
    message = ""
    try:
        SearchConfig.from_data(config, "here")
    except InvalidSpec as error:
        message = str(error)
    assert message.isprintable()


@pytest.mark.parametrize("cut", [1, 10, 50, -1])
def test_broken_json(search: dict[str, Any], cut: int) -> None:
    """A file that is cut off is called broken, with its name."""
    text = SearchConfig.from_data(search, "here").canonical_json()
    with pytest.raises(InvalidSpec, match=r"^cut\.json: not JSON .* broken or cut off$"):
        SearchConfig.from_json(text[:cut], "cut.json")


@pytest.mark.parametrize("levels", [10, 100, 500, *range(930, 1001, 5), 5_000, 1_000_000])
@pytest.mark.parametrize("start", ["", '{"root":', '{"schema_version":', '{"root":{"branches":'])
def test_deep_nesting(levels: int, start: str) -> None:
    """JSON nested to any depth is refused, whatever holds it: never a RecursionError."""
    text = start + "[" * levels + "]" * levels + "}" * start.count("{")
    with pytest.raises(InvalidSpec) as raised:
        Tree.from_json(text, "here")
    assert len(str(raised.value)) < 700


@pytest.mark.parametrize("levels", [16, 17, 60, 150, 200, 255, 260, 400])
@pytest.mark.parametrize("frames", [0, 300, 600])
def test_deep_trees(levels: int, frames: int) -> None:
    """A tree too deep is refused in whatever depth of the stack it is read."""
    text = '{"merge":"none","branches":[{"operation":"identity"}]}'
    for _ in range(levels):
        text = '{"merge":"none","branches":[{"operation":"identity","child":' + text + "}]}"
    with pytest.raises(InvalidSpec):
        padded(frames, '{"root":' + text + "}")


@pytest.mark.parametrize("text", [" " * (MAXIMUM_BYTES + 1), b" " * (MAXIMUM_BYTES + 1)])
def test_huge(text: str | bytes) -> None:
    """A huge file is refused before it is parsed."""
    with pytest.raises(InvalidSpec, match="too many for a Tree"):
        Tree.from_json(text, "here")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 400, "9" * 5000, '"3e"'])
def test_no_finite_number(search: dict[str, Any], number: str) -> None:
    """NaN, infinities and numbers too large are no learning rates."""
    text = json.dumps(changed(search, "start.learning_rate", "HERE")).replace('"HERE"', number)
    with pytest.raises(InvalidSpec) as raised:
        SearchConfig.from_json(text, "here")
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 250


def test_no_nan_is_written() -> None:
    """NaN never gets into a document, nor into JSON."""
    with pytest.raises(ValidationError):
        ControllerUpdate(round=1, controller=None, metrics={"loss": float("nan")})
    with pytest.raises(ValueError, match="Out of range"):
        canonical_json({"a": float("inf")})


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("sed", 1, "unknown key 'sed': did you mean 'seed'?"),
        ("host.growht", 1, "unknown key 'host.growht': did you mean 'growth'?"),
        ("controller.hiden", 1, "unknown key 'controller.hiden': did you mean 'hidden'?"),
        ("finish.recipe.epoch", 1, "unknown key 'finish.recipe.epoch': did you mean 'epochs'?"),
        ("space.max_dept", 1, "unknown key 'space.max_dept': did you mean 'max_depth'?"),
        ("budget.zzz", 1, "unknown key 'budget.zzz': known keys: children, gpu_hours, rounds, seconds"),
        ("path", 1, "unknown key 'path': known keys: budget"),
        ("random", 1, "unknown key 'random': did you mean 'random_share'?"),
        ("finish.host.growht", 1, "unknown key 'finish.host.growht': did you mean 'growth'?"),
        ("host", {"kind": "chain", "width": [4]}, "unknown key 'host.width': did you mean 'widths'?"),
        ("objective", {"maximize": "latency"}, "unknown key 'objective.maximize': did you mean 'maximise'?"),
        (
            "objective",
            {"maximise": "held_out_accuracy", "trade": {"latency": {"goal": 1, "weight": 1}}},
            "unknown key 'objective.trade.latency.goal': known keys: target, weight",
        ),
        ("host.densenet", 1, "unknown key 'host.densenet': known keys: blocks"),
        ("controller.path", 1, "unknown key 'controller.path': known keys: baseline_decay"),
        ("controller", {"kind": "random", "hidden": 1}, "unknown key 'controller.hidden': known keys: kind"),
        ("a\nb", 1, r"unknown key 'a\nb': known keys"),
    ],
)
def test_unknown_key(search: dict[str, Any], place: str, value: Any, message: str) -> None:
    """An unknown key is named with all that is above it, and with the nearest right one."""
    assert refusal(SearchConfig, changed(search, place, value)).startswith(f"search.yaml: {message}")


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("host.growth", "many", "host.growth: Input should be a valid integer"),
        ("host.growth", 4.5, "host.growth: Input should be a valid integer"),
        ("host.growth", 0, "host.growth: Input should be greater than or equal to 1 (given: 0)"),
        ("host.stages", 10**12, "host.stages: Input should be less than or equal to"),
        ("host.reduction", 0.01, "host: reduction 0.01 leaves no channel after a transition"),
        ("host.groups", 5, "host: growth 12 is not a multiple of groups 5"),
        ("data.path", 5, "data.path: Input should be a valid string (given: 5)"),
        ("data.name", "mnist", "data.name: no data set is called 'mnist': known are digits, fashion"),
        ("data", [], "data: a mapping is wanted"),
        ("first_identity", "x", "unknown key 'first_identity'"),
        ("name", "Not A Name", "name: small letters, digits and hyphens between them, at most 53"),
        ("name", "x" * 100_000, "name: small letters, digits and hyphens between them, at most"),
        ("controller.kind", "pathh", "controller: no kind is called 'pathh': take path, paper, eas, "),
        ("controller.kind", "q\nlearning", r"controller: no kind is called 'q\nlearning': take path"),
        (
            "controller",
            {},
            "controller: a mapping with a `kind` is wanted: path, paper, eas, n2n, nas, random, ",
        ),
        ("controller", "path", "controller: a mapping with a `kind` is wanted: path, "),
        ("host.kind", "densnet", "host: no kind is called 'densnet': take densenet, pyramidnet, "),
        ("finish.host.kind", "densnet", "finish.host: no kind is called 'densnet': take densenet, "),
        (
            "space.kind",
            "nothing",
            "space: no kind is called 'nothing': take path, layer, removal, joint, chain, or ",
        ),
        ("objective", "held_out_los", "objective: no measure is called 'held_out_los': known are held_out_"),
        ("limits.parametres", 1, "limits.parametres: no measure is called 'parametres': known are held_out_"),
        ("limits.parameters", "3X", "limits.parameters: an amount is wanted: a number, perhaps with k, M, G"),
        ("parents", "found.", "parents: Input should be 'start', 'found' or 'none' (given: 'found.')"),
        ("controller.hidden", 0, "controller.hidden: Input should be greater than or equal to 1 (given: 0)"),
        ("start_cell", "( ds3\n)", "start_cell: cell '( ds3 )': edge 0 is ds3"),
        ("start_cell", 5, "start_cell: a cell is wanted, in its text form such as ( 3x3G )"),
        ("space.operations", ["identity", "3x3G"], "space: operations is a non-empty choice"),
        ("space.operations", [], "space: operations is a non-empty choice"),
        ("space.add_branches", [2, 2], "space: add_branches names something twice"),
        ("space.add_branches", [1], "space: a node can have 2 to 8 branches"),
        ("space.add_branches", [2, "three"], "space.add_branches.1: Input should be a valid integer"),
        ("budget", {}, "budget: set at least one of"),
        ("schema_version", 4, "has schema version 4, and this nasflow reads 1 to 3: upgrade nasflow"),
        ("schema_version", "9" * 10_000, "has schema version '999"),
        ("schema_version", 0, "has schema version 0"),
        ("schema_version", None, "has schema version None"),
    ],
)
def test_wrong_value(search: dict[str, Any], place: str, value: Any, message: str) -> None:
    """A wrong value is refused with one line: the file, the key with all above it, the reason."""
    text = refusal(SearchConfig, changed(search, place, value))
    assert text.startswith(f"search.yaml: {message}")
    assert text.isprintable()
    assert len(text) < 400


def test_newer_inside() -> None:
    """A newer document is called newer before its unknown keys are."""
    data = {"schema_version": 2, "shape": "round"}
    assert refusal(Tree, data) == (
        "search.yaml: has schema version 2, and this nasflow reads 1 to 1: upgrade nasflow"
    )


def test_missing_key(search: dict[str, Any]) -> None:
    """A missing key is named."""
    del search["host"]["growth"]
    assert refusal(SearchConfig, search) == "search.yaml: host.growth: Field required"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"kind": "replicate", "path": [0], "count": 1}, "receipt.edits.0.edit.count: Input"),
        ({"kind": "replicate", "path": ["x"], "count": 2}, "receipt.edits.0.edit.path.0: Input"),
        ({"kind": "insert", "pth": [0]}, "receipt.edits.0.edit.pth': did you mean 'path'?"),
        ({"kind": "inserd", "path": [0]}, "receipt.edits.0.edit: no kind is called 'inserd': take replicate"),
    ],
)
@pytest.mark.parametrize("version", [1, 2])
def test_unions_in_a_list(edit: dict[str, Any], message: str, version: int) -> None:
    """The tag of an edit is no part of the place, its keys are; in what an older version wrote too."""
    receipt = {
        "difference": 0.0,
        "tolerance": 0.0,
        "images": 1,
        "parent_accuracy": 0.0,
        "birth_accuracy": 0.0,
    }
    edits = {"edits": [{"edit": edit, "difference": 0.0}]}
    old = {"transforms": [{"transform": edit, "difference": 0.0}]}
    data = {
        "schema_version": version,
        "child": "c",
        "weights": "d",
        "receipt": receipt | (old if version == 1 else edits),
    }
    assert message in refusal(BirthRecord, data)
