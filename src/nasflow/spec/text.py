"""The text form of a cell: `add( 3x3G -> ( ds3 ), 3x3G )`. It parses and prints without loss.

node   = [ "add" | "concat" | "cut" ] "(" branch { "," branch } ")"
branch = operation [ "->" node ]
"""

import re
from collections.abc import Iterator
from typing import NamedTuple, NoReturn

from pydantic import ValidationError

from nasflow.base.errors import InvalidSpec
from nasflow.base.lines import one_line
from nasflow.spec.tree import MAXIMUM_DEPTH, Branch, Merge, Node, Operation, Tree

MAXIMUM_CHARACTERS = 100_000
_TOKEN = re.compile(r"(->|[(),]|[A-Za-z0-9]+)|\s+")


def print_node(node: Node) -> str:
    """The text of a node and all below it."""
    name = "" if node.merge is Merge.NONE else node.merge.value
    return f"{name}( {', '.join(map(print_branch, node.branches))} )"


def print_branch(branch: Branch) -> str:
    """The text of an edge and all below it."""
    below = f" -> {print_node(branch.child)}" if branch.child else ""
    return branch.operation.value + below


def parse_tree(text: str) -> Tree:
    """Read a whole cell; raise InvalidSpec with one line that says what is wrong and at which column."""
    if len(text) > MAXIMUM_CHARACTERS:
        raise InvalidSpec(f"cell: {len(text)} characters are too many (at most {MAXIMUM_CHARACTERS})")
    reader = _Reader(text)
    root = reader.node(depth=1)
    reader.end()
    try:
        return Tree(root=root)
    except ValidationError as error:
        raise InvalidSpec(f"cell {_shorten(text)}: {_reason(error)}") from None


def _reason(error: ValidationError) -> str:
    return error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")


def _shorten(text: str) -> str:
    """The beginning, in quotes: a cell may fill pages."""
    return f"'{one_line(text, 80)}'"


class _Token(NamedTuple):
    text: str
    column: int


def _found(token: _Token) -> str:
    return _shorten(token.text or "the end")


class _Reader:
    """A recursive-descent reader over the tokens of one cell."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split()
        self._next = next(self._tokens)

    def _split(self) -> Iterator[_Token]:
        position, end = 0, len(self._text.rstrip())
        while position < end:
            match = _TOKEN.match(self._text, position)
            if match is None:
                self._refuse(f"unexpected {self._text[position]!r}", position + 1)
            if match.group(1):
                yield _Token(match.group(1), match.start(1) + 1)
            position = match.end()
        yield _Token("", len(self._text) + 1)

    def _refuse(self, reason: str, column: int) -> NoReturn:
        raise InvalidSpec(f"cell {_shorten(self._text)}, column {column}: {reason}")

    def _take(self) -> _Token:
        token = self._next
        if token.text:
            self._next = next(self._tokens)
        return token

    def _expect(self, *texts: str) -> str:
        token = self._take()
        if token.text not in texts:
            wanted = " or ".join(map(repr, texts))
            self._refuse(f"expected {wanted}, found {_found(token)}", token.column)
        return token.text

    def node(self, depth: int) -> Node:
        column = self._next.column
        if depth > MAXIMUM_DEPTH:
            self._refuse(f"deeper than {MAXIMUM_DEPTH} nodes", column)
        merge = Merge.NONE if self._next.text == "(" else Merge(self._expect("add", "concat", "cut"))
        self._expect("(")
        branches = [self._branch(depth)]
        while self._expect(",", ")") == ",":
            branches.append(self._branch(depth))
        try:
            return Node(merge=merge, branches=tuple(branches))
        except ValidationError as error:
            self._refuse(_reason(error), column)

    def _branch(self, depth: int) -> Branch:
        token = self._take()
        if token.text not in set(Operation):
            known = ", ".join(operation.value for operation in Operation)
            self._refuse(f"unknown operation {_found(token)} (known: {known})", token.column)
        if self._next.text != "->":
            return Branch(operation=Operation(token.text))
        self._take()
        return Branch(operation=Operation(token.text), child=self.node(depth + 1))

    def end(self) -> None:
        if self._next.text:
            self._refuse(f"unexpected {_found(self._next)} after the cell", self._next.column)
