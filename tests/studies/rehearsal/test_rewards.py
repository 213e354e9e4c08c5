import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from tests.strategies import trees

from nasflow.spec.tree import START_CELL, Operation, Tree
from nasflow.studies.rehearsal.rewards import hash_reward, structured_reward

CELL = Tree.parse("add( 3x3G -> ( ds3 ), 3x3G )")


def test_hash_reward_of_one_cell() -> None:
    """The formula, worked out anew for one cell: its text under six hashes, and three edges."""
    text = b"add( 3x3G, 3x3G -> ( ds3 ) )"
    sigmoids = []
    for made in (hashlib.md5, hashlib.sha1, hashlib.sha224, hashlib.sha256, hashlib.sha384, hashlib.sha512):
        value = (int(made(text).hexdigest(), 16) % 400 - 200) / 100
        sigmoids.append(1 / (1 + math.exp(-value)))
    expected = (0.8 * sum(sigmoids) / 6 + 1.2 * math.tanh(3 / 5.4)) / 2
    assert str(CELL.canonical()).encode() == text
    assert hash_reward(CELL) == pytest.approx(expected, rel=1e-12)


def test_structured_reward_of_one_cell() -> None:
    """The formula, worked out anew for one cell: two edges at the root, one below, one pair."""
    random = np.random.default_rng(3)
    alone, pairs = random.standard_normal((6, 8)), random.standard_normal((8, 8))
    ds3 = list(Operation).index(Operation.DS3)
    z = (2 * alone[0, 0] + alone[1, ds3]) / math.sqrt(3) + pairs[0, ds3] - ((3 - 9) / 6) ** 2
    assert structured_reward(3)(CELL) == pytest.approx(1 / (1 + math.exp(-z)), rel=1e-12)


@given(trees())
def test_equal_cells_are_worth_the_same(tree: Tree) -> None:
    """The order in which a cell's added branches were made changes nothing."""
    for reward in (hash_reward, structured_reward(0)):
        assert reward(tree) == pytest.approx(reward(tree.canonical()), rel=1e-9)
        assert 0 < reward(tree) < 1


def test_another_seed_is_another_reward() -> None:
    """The seed of the structured reward decides what is good."""
    assert structured_reward(0)(START_CELL) != structured_reward(1)(START_CELL)
