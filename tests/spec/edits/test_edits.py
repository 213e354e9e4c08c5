from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from tests.strategies import fitting, growths, trees

from nasflow.base.document import Document
from nasflow.base.errors import InvalidSpec
from nasflow.spec.edits import EDITS, AnyEdit, CellEdit, Edit, Insert, Replace, Replicate, Split, apply_all
from nasflow.spec.hosts import Adopted, DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts
from nasflow.spec.tree import MAXIMUM_BRANCHES, START_CELL, Merge, Operation, Tree

FAST = settings(max_examples=40, deadline=None)
ANY_EDIT: TypeAdapter[Edit] = TypeAdapter(AnyEdit)


class Holder(Document):
    """A document round some edits, to see its messages."""

    edits: tuple[AnyEdit, ...]


def network(cell: str = "( 3x3G )", **own: Any) -> NetworkSpec:
    """A DenseNet of two layers, `stages.0.cell` and `stages.1.cell`, with these parts."""
    host = DenseNet(growth=6, blocks=2, stages=1)
    cells = {place: {"kind": "cell", "tree": text} for place, text in own.items()}
    known = {"cell": cell, "own": {f"stages.{place[-1]}.cell": part for place, part in cells.items()}}
    return NetworkSpec(host=host, parts=Parts.model_validate(known), channels=1, size=8, classes=10)


@FAST
@given(sequence=growths(steps=8, edges=30))
def test_edits_keep_a_cell_valid(sequence: tuple[CellEdit, ...]) -> None:
    """After every edit the cell is a valid one, which prints and parses, and has not shrunk."""
    tree = START_CELL
    for edit in sequence:
        grown = edit.change(tree)
        assert Tree.parse(str(grown)) == grown
        assert len(list(grown.edges())) >= len(list(tree.edges()))
        tree = grown


CHANGES = [
    ("( 3x3G )", Replicate(path=(), count=2), "add( 3x3G, 3x3G )"),
    ("( 3x3G )", Split(path=(), count=3), "concat( 3x3G, 3x3G, 3x3G )"),
    ("( 3x3G )", Insert(path=(0,)), "( 3x3G -> ( identity ) )"),
    ("( 3x3G -> ( max3 ) )", Replicate(path=(), count=2), "add( 3x3G -> ( max3 ), 3x3G -> ( max3 ) )"),
    ("( 3x3G -> ( ds3 ) )", Split(path=(0,), count=2), "( 3x3G -> cut( ds3, ds3 ) )"),
    ("( 3x3G -> ( 1x1 ) )", Split(path=(0,), count=2), "( 3x3G -> cut( 1x1, 1x1 ) )"),
    ("( 3x3G -> ( max3 ) )", Split(path=(0,), count=2), "( 3x3G -> concat( max3, max3 ) )"),
    ("( 3x3G -> ( identity ) )", Split(path=(0,), count=2), "( 3x3G -> concat( identity, identity ) )"),
    (
        "( 3x3G -> ( identity -> ( max3 ) ) )",
        Replace(path=(0, 0), operation=Operation.DS7),
        "( 3x3G -> ( ds7 -> ( max3 ) ) )",
    ),
]


@pytest.mark.parametrize(("tree", "edit", "grown"), CHANGES)
def test_what_an_edit_does(tree: str, edit: CellEdit, grown: str) -> None:
    """Each edit does to the cell what the paper says, and to the network the same in every place."""
    assert str(edit.change(Tree.parse(tree))) == grown
    assert edit.apply(network(tree)) == network(grown)
    assert edit.preserves


@pytest.mark.parametrize(("tree", "edit", "grown"), CHANGES)
def test_an_edit_of_one_place(tree: str, edit: CellEdit, grown: str) -> None:
    """An edit that names a place gives it a cell of its own; all others, and what they share, stay."""
    there = edit.model_copy(update={"place": "stages.1.cell"})
    assert there.apply(network(tree)) == network(tree, in_1=grown)
    assert there.apply(network(in_0="( 3x3G -> ( ds5 ) )", in_1=tree)) == network(
        in_0="( 3x3G -> ( ds5 ) )", in_1=grown
    )
    assert edit.apply(network(tree, in_1="( 3x3G -> ( avg3 ) )")) == network(
        grown, in_1="( 3x3G -> ( avg3 ) )"
    )
    assert "in stages.1.cell" in str(there)
    assert "in stages" not in str(edit)


@pytest.mark.parametrize(
    ("tree", "edit", "reason"),
    [
        ("add( 3x3G, 3x3G )", Replicate(path=(), count=2), "node root has 2 branches already"),
        ("( 3x3G )", Replicate(path=(0,), count=2), "there is no node at 0"),
        ("( 3x3G )", Replicate(path=(0, 0), count=2), "there is no edge at 0.0"),
        ("( 3x3G )", Split(path=(1,), count=2), "there is no edge at 1"),
        ("( 3x3G -> ( max3 ) )", Split(path=(), count=2), "node root cannot be split"),
        ("( 3x3G )", Insert(path=()), "there is no edge at root"),
        ("( 3x3G )", Insert(path=(-1,)), "there is no edge at -1"),
        ("( 3x3G -> ( max3 ) )", Insert(path=(0,)), "edge 0 has a node below it already"),
        ("( 3x3G )", Replace(path=(0,), operation=Operation.DS3), "edge 0: 3x3G cannot become ds3"),
        ("( 3x3G -> ( max3 ) )", Replace(path=(0, 0), operation=Operation.DS3), "max3 cannot become ds3"),
        (
            "( 3x3G -> ( identity ) )",
            Replace(path=(0, 0), operation=Operation.HOST),
            "identity cannot become 3x3G",
        ),
        ("( 3x3G )", Replace(path=(0, 0, 0), operation=Operation.DS3), "there is no edge at 0.0.0"),
    ],
)
def test_an_edit_that_does_not_fit_the_cell(tree: str, edit: CellEdit, reason: str) -> None:
    """It is refused with the path and the reason, in the cell that all share and in a place's own."""
    for each in (edit, edit.model_copy(update={"place": "stages.0.cell"})):
        with pytest.raises(InvalidSpec, match=reason):
            each.apply(network(tree))


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (Split(path=(), count=7), "node root: 6 channels cannot be shared by 7 branches"),
        (Split(path=(), count=7, place="stages.1.cell"), "node root: 6 channels cannot be shared by 7"),
        (
            Insert(path=(0,), place="stages.2.cell"),
            "there is no place 'stages.2.cell': known are stages.0.cell",
        ),
    ],
)
def test_an_edit_that_does_not_fit_the_host(edit: CellEdit, reason: str) -> None:
    """What the host's places cannot hold is refused before anything is built."""
    with pytest.raises(InvalidSpec, match=reason):
        edit.apply(network())


def test_a_host_that_does_not_know_its_places() -> None:
    """In a network that somebody else wrote an edit is checked where it is built, not before."""
    host = Adopted(network="torchvision:resnet18")
    known = NetworkSpec(host=host, channels=3, size=32, classes=10)
    grown = Insert(path=(0,), place="layer1.0.conv1").apply(known)
    assert grown.name == "layer1.0.conv1: ( 3x3G -> ( identity ) )"


def test_too_deep() -> None:
    """The insertion that would make a cell too deep is refused as every other misfit."""
    tree = START_CELL
    path: tuple[int, ...] = (0,)
    for _ in range(15):
        tree, path = Insert(path=path).change(tree), (*path, 0)
    with pytest.raises(InvalidSpec, match="17 nodes deep"):
        Insert(path=path).change(tree)


@pytest.mark.parametrize("count", [-1, 0, 1, MAXIMUM_BRANCHES + 1, 10**12])
def test_branch_numbers(count: int) -> None:
    """A merge has at least two branches, and no more than a node may have."""
    for kind in ("replicate", "split"):
        with pytest.raises(ValidationError):
            ANY_EDIT.validate_python({"kind": kind, "path": [], "count": count})


@FAST
@given(tree=trees(), data=st.data(), place=st.sampled_from([None, "stages.0.cell"]))
def test_edits_as_json(tree: Tree, data: st.DataObject, place: str | None) -> None:
    """An edit is read back from JSON with its kind, and says in one line what it does."""
    options = fitting(tree, 12)
    if options:
        edit = data.draw(st.sampled_from(options)).model_copy(update={"place": place})
        assert ANY_EDIT.validate_json(ANY_EDIT.dump_json(edit)) == edit
        assert str(edit).isprintable()


KINDS = ", ".join(str(edit.model_fields["kind"].default) for edit in EDITS)


@pytest.mark.parametrize("kind", EDITS)
def test_every_edit_has_a_surgeon(kind: type[Edit]) -> None:
    """Its address is in a file of the surgery that is named as its kind."""
    name = str(kind.model_fields["kind"].default)
    assert kind.SURGEON.startswith(f"nasflow.surgery.{name}:")


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"kind": "insert", "pth": [0]}, "unknown key 'edits.0.pth': did you mean 'path'?"),
        ({"kind": "split", "path": ["x"], "count": 2}, "edits.0.path.0: Input should be a valid integer"),
        (
            {"kind": "splitt"},
            f"edits.0: no kind is called 'splitt': take {KINDS}, or",
        ),
        ({"path": []}, f"edits.0: a mapping with a `kind` is wanted: {KINDS}"),
    ],
)
def test_messages(edit: dict[str, Any], message: str) -> None:
    """What is no edit is refused with the key, or with the kinds that there are."""
    with pytest.raises(InvalidSpec) as raised:
        Holder.from_data({"edits": [edit]}, "here")
    assert str(raised.value).startswith(f"here: {message}")


@FAST
@given(sequence=growths(channels=6, steps=4))
def test_one_after_the_other(sequence: tuple[CellEdit, ...]) -> None:
    """A sequence of edits does what they do one by one, and none do nothing."""
    expected = network()
    for edit in sequence:
        expected = edit.apply(expected)
    assert apply_all(sequence, network()) == expected
    assert apply_all((), expected) == expected


@FAST
@given(tree=trees())
def test_split_merges(tree: Tree) -> None:
    """Split-Concat cuts what mixes channels and gives everything else its own share of them."""
    for edit in fitting(tree, 12):
        if isinstance(edit, Split):
            node = edit.change(tree).node(edit.path)
            assert node is not None
            mixes = node.branches[0].operation.mixes_channels
            assert node.merge is (Merge.CUT if mixes else Merge.CONCAT)
