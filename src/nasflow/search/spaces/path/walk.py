"""One episode: the questions that lead from the start cell to a child, in the paper's order.

A node is visited top down. If it has one branch, its merge is asked; then the operation of each
identity edge of the node; then, branch by branch and depth first, whether to insert a node below a
leaf, which is visited next (Cai et al., ICML 2018, section 3.2). A walk knows nothing of policies:
it asks, somebody answers.
"""

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from enum import IntEnum

from nasflow.base.errors import InvalidSpec
from nasflow.search.config import Space
from nasflow.search.spaces.path.edge import Edge
from nasflow.spec.tree import Operation, Path, Tree, show_path


class Head(IntEnum):
    """The three decisions; each has its own softmax head in the policy."""

    MERGE = 0
    """Of the node below an edge: leave it single, or one of the adds, or one of the concats."""
    OPERATION = 1
    """Of an identity edge: one of the space's operations."""
    EXPAND = 2
    """Of a leaf: no (0) or yes (1), insert a node."""


@dataclass(frozen=True, slots=True)
class Question:
    """One decision to be made. The number of a head's options and their order depend on the space alone."""

    head: Head
    path: Path
    """The edge it is about; for a merge, the node below that edge (the root: the empty path)."""
    legal: tuple[bool, ...]
    """One an option; at least one is True."""


Answers = Generator[Question, int, None]


class Walk:
    """An episode in progress: read `question`, `answer` it, until the question is None."""

    def __init__(self, start: Tree, space: Space) -> None:
        self.root = Edge.above_root(start)
        self._decisions: list[int] = []
        self._episode = _visit(self.root, (), space)
        self.question: Question | None = next(self._episode, None)

    def answer(self, choice: int) -> None:
        """Choose option `choice` of the question; raise InvalidSpec if there is no such legal option."""
        question = self.question
        if question is None:
            raise InvalidSpec(f"decision {len(self._decisions) + 1} has no question: the episode is over")
        if not 0 <= choice < len(question.legal) or not question.legal[choice]:
            raise InvalidSpec(
                f"decision {len(self._decisions) + 1} ({question.head.name.lower()} at "
                f"{show_path(question.path)}) cannot be {choice}: the cell does not allow this option"
            )
        self._decisions.append(choice)
        self.root.forget(question.path)
        try:
            self.question = self._episode.send(choice)
        except StopIteration:
            self.question = None

    @property
    def decisions(self) -> tuple[int, ...]:
        """The answers so far."""
        return tuple(self._decisions)

    def tree(self) -> Tree:
        """The cell as built so far, branches in the order in which they were made."""
        return self.root.tree()


def replay(start: Tree, space: Space, decisions: Iterable[int]) -> Tree:
    """The cell that `decisions` build; raise InvalidSpec if they are too few, too many or not legal."""
    walk = Walk(start, space)
    for choice in decisions:
        walk.answer(choice)
    if walk.question is not None:
        raise InvalidSpec(
            f"{len(walk.decisions)} decisions are too few: {walk.question.head.name.lower()} at "
            f"{show_path(walk.question.path)} is still open"
        )
    return walk.tree()


def options(head: Head, space: Space) -> int:
    """Number of options of a head."""
    return {
        Head.MERGE: 1 + len(space.add_branches) + len(space.concat_branches),
        Head.OPERATION: len(space.operations),
        Head.EXPAND: 2,
    }[head]


def _visit(edge: Edge, path: Path, space: Space) -> Answers:
    """Ask everything about the node below `edge`; its depth is one more than the length of its path."""
    if len(edge.edges) == 1:
        yield from _ask_merge(edge, path, space)
    yield from _ask_operations(edge, path, space)
    for number, below in enumerate(edge.edges):
        place = (*path, number)
        if below.is_leaf and len(place) < space.max_depth:
            yield from _ask_expansion(below, place)
        if not below.is_leaf:
            yield from _visit(below, place, space)


def _ask_merge(edge: Edge, path: Path, space: Space) -> Answers:
    adds, concats = space.add_branches, space.concat_branches
    splits = edge.edges[0].is_leaf
    choice = yield Question(Head.MERGE, path, (True,) * (1 + len(adds)) + (splits,) * len(concats))
    if 1 <= choice <= len(adds):
        edge.replicate(adds[choice - 1])
    elif choice > len(adds):
        edge.split(concats[choice - 1 - len(adds)])


def _ask_operations(edge: Edge, path: Path, space: Space) -> Answers:
    legal = (True,) * len(space.operations)
    for number, below in enumerate(edge.edges):
        if below.operation is Operation.IDENTITY:
            choice = yield Question(Head.OPERATION, (*path, number), legal)
            below.operation = space.operations[choice]


def _ask_expansion(leaf: Edge, path: Path) -> Answers:
    if (yield Question(Head.EXPAND, path, (True, True))):
        leaf.insert()
