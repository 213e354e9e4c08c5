"""The package's own sources, as tests read them that hold a fact to one place."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("src/nasflow", "components", "pipelines")
SOURCES = tuple(path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")))


def nodes(source: Path) -> list[ast.AST]:
    """Everything in a file's syntax tree."""
    return list(ast.walk(ast.parse(source.read_text(encoding="utf-8"))))


def literals(source: Path) -> Iterator[tuple[str, str]]:
    """Place and text of each string, parts of f-strings among them; docstrings are left out."""
    every = nodes(source)
    docstrings = {id(node.value) for node in every if isinstance(node, ast.Expr)}
    for node in every:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield f"{source.relative_to(ROOT)}:{node.lineno}", node.value
