import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.strategies import trees

from nasflow.base.errors import InvalidSpec
from nasflow.spec.cells import TREE_CELL_A
from nasflow.spec.text import MAXIMUM_CHARACTERS, parse_tree
from nasflow.spec.tree import START_CELL, Tree

TOKENS = ["add", "concat", "cut", "none", "(", ")", ",", "->", "3x3G", "1x1", "identity", "ds3", "avg3"]
FAST = settings(max_examples=60, deadline=None)


@FAST
@given(tree=trees())
def test_round_trip(tree: Tree) -> None:
    """What is printed parses to the same tree, and prints the same again."""
    text = str(tree)
    assert parse_tree(text) == tree
    assert str(parse_tree(text)) == text


@FAST
@given(tree=trees(), space=st.sampled_from(["", " ", "\n", "\t \r\n", " \u2003"]))
def test_any_white_space(tree: Tree, space: str) -> None:
    """White space between tokens means nothing, and none is needed."""
    tokens = re.findall(r"->|[(),]|\w+", str(tree))
    assert parse_tree(space + space.join(tokens) + space) == tree


@FAST
@given(text=st.text() | st.lists(st.sampled_from(TOKENS)).map(" ".join) | st.text(alphabet="(), ->3xGads\n"))
def test_only_invalid_spec(text: str) -> None:
    """Whatever the text, it is a cell that prints, or one line says why not."""
    message = ""
    try:
        tree = parse_tree(text)
        assert parse_tree(str(tree)) == tree
    except InvalidSpec as error:
        message = str(error)
    assert message.isprintable()


@FAST
@given(tree=trees(), data=st.data())
def test_one_character_away(tree: Tree, data: st.DataObject) -> None:
    """A cell with a slip of the pen is refused with one line, or is another cell."""
    text = str(tree)
    place = data.draw(st.integers(0, len(text) - 1))
    slip = data.draw(st.sampled_from(["", "(", ")", ",", "x", " ", "->", "7"]))
    message = ""
    try:
        parse_tree(text[:place] + slip + text[place + 1 :])
    except InvalidSpec as error:
        message = str(error)
    assert message.isprintable()


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("", 1, "expected 'add' or 'concat' or 'cut', found 'the end'"),
        ("( 3x3G", 7, "expected ',' or ')', found 'the end'"),
        ("( 3x3G -> ( ds4 ) )", 13, "unknown operation 'ds4'"),
        ("( 3x3G ) )", 10, "unexpected ')' after the cell"),
        ("(\n 3x3G ; )", 9, "unexpected ';'"),
        ("( 3x3G, )", 9, "unknown operation ')'"),
        ("add( 3x3G )", 1, "a node with merge 'add' cannot have 1 branches"),
        ("( 3x3G -> cut( avg3, avg3 ) )", 11, "cut takes branches of one operation"),
        ("sum( 3x3G )", 1, "expected 'add' or 'concat' or 'cut', found 'sum'"),
        ("( 3X3G )", 3, "unknown operation '3X3G'"),
    ],
)
def test_messages(text: str, column: int, reason: str) -> None:
    """A refusal names the text, the column counted from one, and the reason."""
    with pytest.raises(InvalidSpec) as raised:
        parse_tree(text)
    assert f"column {column}: {reason}" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        " " * (MAXIMUM_CHARACTERS + 1),
        "(" * 50_000,
        "( 3x3G -> " * 5_000,
        "( identity -> " * 5_000 + "( identity" + " )" * 5_001,
        "a" * 90_000,
        "add( 3x3G" + ", 3x3G" * 10_000 + " )",
        "( 3x3G ) " + "x" * 90_000,
    ],
)
def test_huge_texts(text: str) -> None:
    """A huge or endlessly nested text is refused with one line of readable length."""
    with pytest.raises(InvalidSpec) as raised:
        parse_tree(text)
    assert len(str(raised.value)) < 400


def test_golden_texts() -> None:
    """The printed form is what users write and documents hold: it does not change."""
    assert str(START_CELL) == "( 3x3G )"
    assert str(TREE_CELL_A) == (
        "add( 3x3G -> add( 1x1 -> concat( avg3, ds7 ), max3 -> add( ds3, ds5 ) ), "
        "3x3G -> add( ds5 -> add( ds5, avg3, avg3 ), ds3 -> add( avg3, ds3 ) ) )"
    )
