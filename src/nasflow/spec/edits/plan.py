"""Which path-level edits grow one cell into another.

The branches of a sum have no order, so those of an `add` that is there already may grow into any of the
wanted ones: of all ways the one with the fewest edits is taken, and of equal ways that which leaves the
order alone.
"""

from collections.abc import Sequence

from nasflow.spec.edits.edit import CellEdit
from nasflow.spec.edits.insert import IDENTITY_NODE, Insert
from nasflow.spec.edits.replace import Replace
from nasflow.spec.edits.replicate import Replicate
from nasflow.spec.edits.split import Split, split_merge
from nasflow.spec.tree import Branch, Merge, Node, Operation, Path, Tree

Edits = tuple[CellEdit, ...]

_IMPOSSIBLE = 10**9
"""More than all the edits that any cell can take."""


def plan(base: Tree, target: Tree) -> Edits | None:
    """The edits that grow `base` into `target`, but for the order of sums, top down; None if none can."""
    return _grow((), base.root, target.root)


def _grow(path: Path, have: Node | None, want: Node | None) -> Edits | None:
    """The edits from one node to another, None if there are none."""
    if have == want:
        return ()
    if want is None:
        return None
    if have is None:
        return _after((Insert(path=path),), _grow(path, IDENTITY_NODE, want))
    if have.merge is want.merge and len(have.branches) == len(want.branches):
        grow = _matched if have.merge is Merge.ADD else _branches
        return grow(path, have.branches, want.branches)
    if have.merge is not Merge.NONE:
        return None
    return _fork(path, have.branches[0], want)


def _fork(path: Path, branch: Branch, want: Node) -> Edits | None:
    """From one branch to several: the merge first, as in an episode, then branch by branch."""
    count = len(want.branches)
    edits: Edits = ()
    if want.merge is Merge.CUT and branch.operation is Operation.IDENTITY:
        branch = Branch(operation=want.branches[0].operation, child=branch.child)
        edits += (Replace(path=(*path, 0), operation=branch.operation),)
    if want.merge is Merge.ADD:
        edits += (Replicate(path=path, count=count),)
    elif branch.child is None and want.merge is split_merge(branch.operation):
        edits += (Split(path=path, count=count),)
    else:
        return None
    return _after(edits, _branches(path, (branch,) * count, want.branches))


def _branches(path: Path, have: Sequence[Branch], want: Sequence[Branch]) -> Edits | None:
    """First every new operation of the node, then what hangs below, branch by branch."""
    operations: Edits = ()
    below: Edits = ()
    for number, (old, new) in enumerate(zip(have, want, strict=True)):
        place = (*path, number)
        if old.operation is not new.operation:
            if old.operation is not Operation.IDENTITY:
                return None
            operations += (Replace(path=place, operation=new.operation),)
        grown = _grow(place, old.child, new.child)
        if grown is None:
            return None
        below += grown
    return operations + below


def _matched(path: Path, have: Sequence[Branch], want: Sequence[Branch]) -> Edits | None:
    """As `_branches`, each branch of a sum growing into the one that suits it."""
    from scipy.optimize import linear_sum_assignment

    costs = [[_cost(old, new) for new in want] for old in have]
    # A branch in another place costs less than any edit: of equal ways the order is left alone.
    weights = [
        [
            _IMPOSSIBLE if cost is None else cost * (len(have) + 1) + (row != column)
            for column, cost in enumerate(line)
        ]
        for row, line in enumerate(costs)
    ]
    found = linear_sum_assignment(weights)[1].tolist()
    if any(costs[row][column] is None for row, column in enumerate(found)):
        return None
    return _branches(path, have, [want[number] for number in found])


def _cost(old: Branch, new: Branch) -> int | None:
    """How many edits it takes from one branch to another; None if none do."""
    edits = _branches((), (old,), (new,))
    return None if edits is None else len(edits)


def _after(edits: Edits, more: Edits | None) -> Edits | None:
    return None if more is None else edits + more
