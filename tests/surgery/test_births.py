"""What is shut once cells have changed."""

import pytest
from hypothesis import given, settings
from tests.strategies import grown, growths
from tests.surgery.patients import operate_alone

from nasflow.networks import Cell
from nasflow.search.record import Birth
from nasflow.spec.edits import CellEdit, Insert, Replace, Replicate, Split
from nasflow.spec.tree import START_CELL, Operation, Tree

INSERTED = Tree.parse("( 3x3G -> ( identity ) )")
NESTED = Tree.parse("( 3x3G -> add( identity, ds3 -> ( identity -> ( 1x1 ) ) ) )")


@pytest.mark.parametrize(
    ("tree", "births", "edit", "after"),
    [
        (START_CELL, [], Insert(path=(0,)), []),
        (INSERTED, [], Replace(path=(0, 0), operation=Operation.DS3), [Birth(path=(0, 0))]),
        (INSERTED, [], Replace(path=(0, 0), operation=Operation.MAX3), [Birth(path=(0, 0))]),
        (INSERTED, [], Replace(path=(0, 0), operation=Operation.IDENTITY), []),
        (
            NESTED,
            [Birth(path=(0, 1, 0, 0))],
            Replace(path=(0, 0), operation=Operation.AVG3),
            [Birth(path=(0, 1, 0, 0)), Birth(path=(0, 0))],
        ),
        (
            Tree.parse("( 3x3G -> ( ds3 ) )"),
            [Birth(path=(0, 0))],
            Split(path=(0,), count=2),
            [Birth(path=(0, 0), share=(0, 2)), Birth(path=(0, 1), share=(1, 2))],
        ),
        (
            Tree.parse("( 3x3G -> ( max3 ) )"),
            [Birth(path=(0, 0))],
            Split(path=(0,), count=2),
            [Birth(path=(0, 0)), Birth(path=(0, 1))],
        ),
        (
            NESTED,
            [Birth(path=(0, 1)), Birth(path=(0, 1, 0, 0))],
            Replicate(path=(), count=2),
            [
                Birth(path=(0, 1)),
                Birth(path=(1, 1)),
                Birth(path=(0, 1, 0, 0)),
                Birth(path=(1, 1, 0, 0)),
            ],
        ),
        (
            NESTED,
            [Birth(path=(0, 1)), Birth(path=(0, 1, 0, 0))],
            Replicate(path=(0, 1), count=2),
            [Birth(path=(0, 1)), Birth(path=(0, 1, 0, 0)), Birth(path=(0, 1, 1, 0))],
        ),
        (
            Tree.parse("( 3x3G -> cut( ds3, ds3 ) )"),
            [Birth(path=(0, 1), share=(1, 2))],
            Replicate(path=(), count=2),
            [Birth(path=(0, 1), share=(1, 2)), Birth(path=(1, 1), share=(1, 2))],
        ),
        (NESTED, [Birth(path=(0, 1, 0, 0))], Insert(path=(0, 0)), [Birth(path=(0, 1, 0, 0))]),
    ],
)
def test_births_after(tree: Tree, births: list[Birth], edit: CellEdit, after: list[Birth]) -> None:
    """A new operation is a birth; copies and parts of it are, with the share of channels they pass on."""
    assert operate_alone(Cell(tree, 4, 12), edit, births=tuple(births))[1] == tuple(after)


@settings(max_examples=15, deadline=None)
@given(growth=growths(steps=8, edges=40))
def test_births_are_edges(growth: tuple[CellEdit, ...]) -> None:
    """Grown from nothing, the births are all edges but identities and the host's, each of them once."""
    cell, births = operate_alone(Cell(START_CELL, 2, 12), *growth)
    old = {Operation.HOST, Operation.IDENTITY}
    expected = [path for path, branch in cell.tree.edges() if branch.operation not in old]
    assert sorted(birth.path for birth in births) == sorted(expected)
    assert grown(START_CELL, growth) == cell.tree
