"""Rewards without training: what a cell is worth is computed from the cell itself.

`hash`: with v_h = (int(hex digest of the tree's text form under h) mod 400 - 200) / 100 for h in md5, sha1,
sha224, sha256, sha384, sha512, m the mean of sigmoid(v_h), and E the number of edges,

    r = (0.8 m + 1.2 tanh(E / 5.4)) / 2

It rewards growing the tree, and little else: a controller shows that it learns, not what it is worth.

`structured`: with a[depth, operation] and b[operation, operation below] standard normal, drawn in this order
by `numpy.random.default_rng(seed)`,

    z = sum of a over the edges / sqrt(E) + sum of b over the pairs / sqrt(number of pairs) - ((E - 9) / 6)^2
    r = sigmoid(z)

A pair is an edge and an edge of the node right below it. Operations stand in the order of
`spec.tree.Operation` (3x3G, 1x1, identity, ds3, ds5, ds7, avg3, max3); the edges of the root have depth 0;
there are `DEPTHS` of them.
Its best cells have about 9 edges and certain operations in certain places.

The text form is that of `Tree.canonical`, so that equal cells have equal rewards.
"""

import hashlib
import math
from collections.abc import Callable

import numpy as np

from nasflow.spec.tree import Operation, Tree

Reward = Callable[[Tree], float]

HASHES = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")

DEPTHS = 6
"""Levels of edges that the structured reward knows: as many as a space can have."""

_ROWS = {operation: row for row, operation in enumerate(Operation)}


def hash_reward(tree: Tree) -> float:
    """The reward of the paper's rehearsal: features of a text's digests, and the number of edges."""
    text = str(tree.canonical()).encode()
    values = [(int(hashlib.new(name, text).hexdigest(), 16) % 400 - 200) / 100 for name in HASHES]
    mean = sum(map(_sigmoid, values)) / len(values)
    return (0.8 * mean + 1.2 * math.tanh(len(list(tree.edges())) / 5.4)) / 2


def structured_reward(seed: int) -> Reward:
    """A reward whose best cells are neither the largest nor the smallest ones; another for each seed."""
    random = np.random.default_rng(seed)
    alone = random.standard_normal((DEPTHS, len(_ROWS)))
    pairs = random.standard_normal((len(_ROWS), len(_ROWS)))

    def reward(tree: Tree) -> float:
        edges = list(tree.edges())
        below = [
            (branch.operation, under.operation)
            for _, branch in edges
            if branch.child
            for under in branch.child.branches
        ]
        z = sum(alone[len(path) - 1, _ROWS[branch.operation]] for path, branch in edges)
        z /= math.sqrt(len(edges))
        if below:
            z += sum(pairs[_ROWS[upper], _ROWS[lower]] for upper, lower in below) / math.sqrt(len(below))
        return _sigmoid(float(z) - ((len(edges) - 9) / 6) ** 2)

    return reward


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))
