import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.search.spaces.samples import finish, network_of
from tests.strategies import trees
from torch import Tensor

from nasflow.controllers.policy.parameters import initial_parameters
from nasflow.controllers.tree.encoder import Encoding
from nasflow.controllers.tree.reader import TreeReader
from nasflow.controllers.tree.table import Table
from nasflow.search.controller import PathController
from nasflow.search.spaces import PathSpace, Walk
from nasflow.search.spaces.path.edge import Edge
from nasflow.search.spaces.path.space import Sight
from nasflow.spec.tree import Branch, Merge, Node, Operation, Path, Tree

HIDDEN = 6
PARAMETERS = {
    name: value.double()
    for name, value in initial_parameters(
        TreeReader(PathController(embedding=3, hidden=HIDDEN), PathSpace()).shapes(), seed=1
    ).items()
}
ZERO = torch.zeros(HIDDEN, dtype=torch.float64)
Pair = tuple[Tensor, Tensor]


def lstm(name: str, inputs: Tensor, state: Pair) -> Pair:
    """An LSTM step for one vector, gate by gate (input, forget, output, cell)."""
    gates = torch.cat([inputs, state[0]]) @ PARAMETERS[f"{name}.weight"] + PARAMETERS[f"{name}.bias"]
    write, forget, read, content = gates.chunk(4)
    memory = forget.sigmoid() * state[1] + write.sigmoid() * content.tanh()
    return read.sigmoid() * memory.tanh(), memory


def unit(node: Node | None) -> str:
    """The name of the unit that reads a node."""
    return "concat" if node and node.merge in {Merge.CONCAT, Merge.CUT} else "sum"


def upward(operation: Operation | None, node: Node | None) -> Pair:
    """The state of one edge from everything below it, node by node."""
    branches = [upward(each.operation, each.child) for each in node.branches] if node else []
    total = sum((hidden for hidden, _ in branches), start=ZERO)
    name = f"{unit(node)}.up"
    gates = total @ PARAMETERS[f"{name}.gates.weight"] + PARAMETERS[f"{name}.gates.bias"]
    write, read, content = gates.chunk(3)
    memory = write.sigmoid() * content.tanh()
    for hidden, kept in branches:
        forget = hidden @ PARAMETERS[f"{name}.forget.weight"] + PARAMETERS[f"{name}.forget.bias"]
        memory = memory + forget.sigmoid() * kept
    number = len(Operation) if operation is None else list(Operation).index(operation)
    state = read.sigmoid() * memory.tanh(), memory
    return lstm("edge.up", PARAMETERS["operations"][number], state)


def downward(tree: Tree, path: Path) -> Pair:
    """The state handed down to an edge, from the root on."""
    state = lstm("sum.down", upward(None, tree.root)[0], (ZERO, ZERO))
    node: Node | None = tree.root
    for number in path:
        assert node
        branch: Branch = node.branches[number]
        state = lstm(f"{unit(node)}.down", upward(branch.operation, branch.child)[0], state)
        node = branch.child
    return state


def naive(tree: Tree, path: Path) -> Tensor:
    """What the encoder has to know about one edge, [2 x hidden]."""
    branch = tree.branch(path) if path else None
    below = upward(branch.operation, branch.child) if branch else upward(None, tree.root)
    return torch.cat([downward(tree, path)[0], below[0]])


def places(tree: Tree) -> list[Path]:
    """Every edge, the one above the root included."""
    return [(), *(path for path, _ in tree.edges())]


@settings(deadline=None, max_examples=15)
@given(st.lists(trees(), min_size=1, max_size=3))
def test_batched_equals_naive(cells: list[Tree]) -> None:
    """The batched encoder says of each edge of each cell what a recursion over the cell says."""
    table, encoding = Table(), Encoding(PARAMETERS)
    rows = [table.place(Edge.above_root(tree), path) for tree in cells for path in places(tree)]
    encoding.extend(table.take_groups())
    expected = torch.stack([naive(tree, path) for tree in cells for path in places(tree)])
    torch.testing.assert_close(encoding.known(torch.tensor(rows)), expected, rtol=0, atol=1e-12)


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 10**6))
def test_growing_cell(seed: int) -> None:
    """Encoded step by step while it grows, a cell is what it would be encoded at once: no stale note."""
    walk, again = (Walk(PathSpace(), network_of()) for _ in range(2))
    table, encoding = Table(), Encoding(PARAMETERS)
    for choice in finish(again, seed).decisions[:25]:
        assert walk.question
        sight = walk.question.view
        assert isinstance(sight, Sight)
        place = table.place(sight.root, sight.path)
        encoding.extend(table.take_groups())
        expected = naive(sight.root.tree(), sight.path)
        torch.testing.assert_close(encoding.known(torch.tensor([place]))[0], expected, rtol=0, atol=1e-12)
        walk.answer(choice)


def test_equal_parts_are_encoded_once() -> None:
    """Equal subtrees share a row, also in another order of branches; equal places share a context."""
    table = Table()
    for text in ("add( 3x3G -> add( ds3, max3 ), 3x3G )", "add( 3x3G, 3x3G -> add( max3, ds3 ) )"):
        tree = Tree.parse(text)
        for path in places(tree):
            table.place(Edge.above_root(tree), path)
    # Root, two branches, two leaves below; and the row for nothing.
    new = table.take_groups()
    assert new.subtree_rows == new.context_rows == 6
