"""Every cell of a small space, once each. Ask `count` first: large spaces do not end."""

from collections.abc import Iterator
from functools import cache
from itertools import combinations_with_replacement, product
from typing import Any

from nasflow.search.spaces.path.reach import Reach
from nasflow.spec.edits.insert import IDENTITY_NODE
from nasflow.spec.edits.split import split_merge
from nasflow.spec.tree import Branch, Merge, Node, Operation, Tree

Decisions = tuple[int, ...]
Key = tuple[Any, ...]
"""A subtree without the order of its add branches: equal keys are equal cells. A leaf is ()."""
Choice = tuple[Key, Decisions, Decisions]
"""One way a branch can end: its key, the decision on its operation if it is asked, those below it."""


def list_cells(start: Tree, space: Reach) -> list[Decisions]:
    """For each distinct cell reachable from `start` the decisions of one episode that builds it."""

    @cache
    def grow(node: Node, depth: int) -> dict[Key, Decisions]:
        found: dict[Key, Decisions] = {}
        for asked, merge, branches in _merges(node, space):
            choices = [ends(branch, depth) for branch in branches]
            for row in _rows(node, merge, choices):
                keys = [key for key, _, _ in row]
                key = (merge.value, *(sorted(keys) if merge is Merge.ADD else keys))
                operations = tuple(choice for _, operation, _ in row for choice in operation)
                below = tuple(choice for _, _, below in row for choice in below)
                found.setdefault(key, asked + operations + below)
        return found

    @cache
    def ends(branch: Branch, depth: int) -> list[Choice]:
        operations: list[tuple[str, Decisions]]
        if branch.operation is Operation.IDENTITY:
            operations = [(each.value, (number,)) for number, each in enumerate(space.operations)]
        else:
            operations = [(branch.operation.value, ())]
        children = hang(branch.child, depth)
        return [((name, child), asked, down) for name, asked in operations for child, down in children]

    def hang(child: Node | None, depth: int) -> list[tuple[Key, Decisions]]:
        if child:
            return list(grow(child, depth + 1).items())
        if depth >= space.max_depth:
            return [((), ())]
        return [((), (0,))] + [(key, (1, *down)) for key, down in grow(IDENTITY_NODE, depth + 1).items()]

    return list(grow(start.root, 1).values())


def _merges(node: Node, space: Reach) -> Iterator[tuple[Decisions, Merge, tuple[Branch, ...]]]:
    """What the merge decision can make of `node`, with the decision; the node itself if it is not asked."""
    if node.merge is not Merge.NONE:
        yield (), node.merge, node.branches
        return
    yield (0,), Merge.NONE, node.branches
    for number, width in enumerate(space.add_branches, start=1):
        yield (number,), Merge.ADD, node.branches * width
    if node.branches[0].child is None:
        split = split_merge(node.branches[0].operation)
        for number, width in enumerate(space.concat_branches, start=1 + len(space.add_branches)):
            yield (number,), split, node.branches * width


def _rows(node: Node, merge: Merge, choices: list[list[Choice]]) -> Iterator[tuple[Choice, ...]]:
    """One choice a branch, each way; copies that are summed are interchangeable, which saves their orders."""
    if merge is Merge.ADD and node.merge is Merge.NONE:
        return combinations_with_replacement(choices[0], len(choices))
    return product(*choices)
