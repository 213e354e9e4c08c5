"""A cell in indented words, for the terminal."""

from collections.abc import Iterator

from nasflow.report.operations import HOST_CONCAT_PHRASE, MERGE_PHRASES, PHRASES
from nasflow.spec.tree import Allocation, Branch, Merge, Node, Tree


def describe_cell(tree: Tree) -> str:
    """A plain-text description: one line an operation and a merge, indented by what feeds it."""
    edges = sum(1 for _ in tree.edges())
    title = f"cell of depth {tree.root.depth} with {_count(edges, 'operation')}"
    return "\n".join((title, *_node(tree.root, "", at_root=True)))


def _node(node: Node, indent: str, at_root: bool = False) -> Iterator[str]:
    if node.merge is not Merge.NONE:
        yield f"{indent}{node.merge} of {len(node.branches)}: {_merge_phrase(node)}"
    for number, branch in enumerate(node.branches, 1):
        last = number == len(node.branches)
        yield f"{indent}{'└─' if last else '├─'} {branch.operation:<8}  {PHRASES[branch.operation]}"
        yield from _below(branch, indent + ("   " if last else "│  "), at_root)


def _below(branch: Branch, indent: str, at_root: bool) -> Iterator[str]:
    if branch.child is None:
        return
    if at_root:
        yield f"{indent}plus the BatchNorm of:"
    yield from _node(branch.child, indent)


def _merge_phrase(node: Node) -> str:
    if node.merge is Merge.CONCAT and node.allocation is Allocation.REPLICATE:
        return HOST_CONCAT_PHRASE
    return MERGE_PHRASES[node.merge]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
