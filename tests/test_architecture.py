"""The house as docs/architecture.md draws it, and the habits that hold for every file of it."""

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
AT_THE_TOP = ("components", "pipelines")
"""Rooms that are not in src/nasflow, see setup.py."""

EVERYWHERE = {"base", "spec", "search"}
"""Rooms that every other may use; the picture leaves them out."""

LONGEST_FUNCTION = 40
MOST_PARAMETERS = 8
LONGEST_FILE = 300
"""Lines, of all kinds."""

ONE_SPACE = ("spec.tree", "spec.text", "spec.cells", "search.spaces.path")
"""What a cell of the path level is: no business of those who serve any space."""

ANY_SPACE = (
    "backends*",
    "*.protocol",
    "controllers.uniform",
    "controllers.evolution",
    "controllers.finder",
    "controllers.mutation",
    "controllers.policy*",
    "controllers.sequence*",
)
"""Who serves any space."""


def below(*folders: str) -> list[Path]:
    """The Python files below folders of the repository."""
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def parsed(path: Path) -> ast.Module:
    """What a file says."""
    return ast.parse(path.read_text())


@cache
def package() -> dict[str, ast.Module]:
    """Every module of the package by its name without `nasflow.`: `steps.table`, `steps` for its __init__."""
    found = {}
    for top, prefix in (("src/nasflow", ()), *((room, (room,)) for room in AT_THE_TOP)):
        for path in below(top):
            parts = (*prefix, *path.relative_to(ROOT / top).with_suffix("").parts)
            found[".".join(parts).removesuffix("__init__").rstrip(".")] = parsed(path)
    return found


def imports(module: str) -> Iterator[str]:
    """What a module imports of the package, wherever in it: `spec.tree` for each name of `spec.tree`."""
    for node in ast.walk(package()[module]):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            inside = name.removeprefix("nasflow.")
            if inside != name:
                yield inside if inside in package() else inside.rpartition(".")[0]


def room(module: str) -> str:
    """The room of a module; nothing for the package's own __init__."""
    return module.partition(".")[0]


@cache
def arrows() -> frozenset[tuple[str, str]]:
    """The imports from one room into another."""
    pairs = ((room(module), room(used)) for module in package() for used in imports(module))
    return frozenset((here, there) for here, there in pairs if here and there and here != there)


def drawn() -> set[tuple[str, str]]:
    """The arrows of the picture."""
    text = (ROOT / "docs/architecture.md").read_text()
    picture = text.split("```mermaid")[1].split("```")[0]
    return set(re.findall(r"^\s*(\w+) --> (\w+)$", picture, re.MULTILINE))


def layers() -> list[set[str]]:
    """The rooms as pyproject.toml orders them for import-linter, from above."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (ordered,) = (contract["layers"] for contract in linter["contracts"] if contract["type"] == "layers")
    return [set(re.findall(r"nasflow\.(\w+)", layer)) for layer in ordered]


def test_the_picture_is_the_code() -> None:
    """Every arrow of the picture is an import between rooms, and every such import is an arrow."""
    there = {arrow for arrow in arrows() if not EVERYWHERE & set(arrow)}
    assert_none(
        f"{'drawn, but not there' if arrow in drawn() else 'there, but not drawn'}: {' --> '.join(arrow)}"
        for arrow in sorted(drawn() ^ there)
    )


def test_every_room_is_in_the_picture() -> None:
    """No room is missing from the picture."""
    rooms = {room(module) for module in package()} - EVERYWHERE - {""}
    assert rooms == {each for arrow in drawn() for each in arrow}


def test_the_tables_are_whole() -> None:
    """Every row of a table in the page has as many cells as the row above it."""
    lines = (ROOT / "docs/architecture.md").read_text().splitlines()
    for above, below_it in pairwise(lines):
        if above.startswith("|") and below_it.startswith("|"):
            assert above.count("|") == below_it.count("|"), below_it


def test_no_arrow_goes_up() -> None:
    """A room imports rooms of lower layers alone; every room has its layer."""
    depth = {each: number for number, layer in enumerate(layers()) for each in layer}
    assert set(depth) == {room(module) for module in package()} - {""}
    assert_none(f"{here} -> {there}" for here, there in sorted(arrows()) if depth[here] >= depth[there])


def test_no_file_is_long() -> None:
    """A file that grows a second concept becomes two."""
    lengths = {path: len(path.read_text().splitlines()) for path in project()}
    assert_none(f"{name(path)}: {length} lines" for path, length in lengths.items() if length > LONGEST_FILE)


def test_no_function_is_long() -> None:
    """A function is read top-down on one screen: signature, docstring and all."""
    lengths = {place: int(node.end_lineno or 0) - node.lineno + 1 for place, node in functions()}
    assert_none(f"{place}: {length} lines" for place, length in lengths.items() if length > LONGEST_FUNCTION)


def test_no_function_takes_much() -> None:
    """What belongs together is given together; commands are no exception."""
    counts = {place: parameters(node) for place, node in functions()}
    assert_none(f"{place}: {count} parameters" for place, count in counts.items() if count > MOST_PARAMETERS)


def assert_none(offences: Iterable[str]) -> None:
    """Fail with all of them, a line each."""
    if lines := list(offences):
        pytest.fail("\n".join(lines), pytrace=False)


def project() -> list[Path]:
    """The project's Python files."""
    return below("src", *AT_THE_TOP, "tests", "benchmarks")


def name(path: Path) -> str:
    """A file as people call it."""
    return str(path.relative_to(ROOT))


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function and method of the project, and where it stands."""
    for path in project():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{name(path)}:{node.lineno} {node.name}", node


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many a caller can give: all but `self`."""
    given = function.args
    names = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return (
        len([each for each in names if each not in {"self", "cls"}]) + bool(given.vararg) + bool(given.kwarg)
    )


def test_a_public_name_is_one_thing() -> None:
    """No two modules define the same public name; a component bears its step's."""
    homes = defaultdict(set)
    for module, tree in package().items():
        if not module.endswith(".component"):
            for each in public(tree):
                homes[each].add(module)
    assert_none(
        f"{each}: {', '.join(sorted(where))}" for each, where in sorted(homes.items()) if len(where) > 1
    )


def public(tree: ast.Module) -> Iterator[str]:
    """The public functions, classes and constants that a module defines, also below an `if` or `try`."""
    nodes: list[ast.stmt] = list(tree.body)
    for node in nodes:
        names: list[str] = []
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name)]
        elif isinstance(node, ast.If | ast.Try):
            nodes += [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.stmt)]
        yield from (each for each in names if not each.startswith("_"))


def test_nobody_asks_the_package_itself() -> None:
    """A folder called nasflow may lie before it on the path: its modules are found, and its names are not."""
    rooms = {room(module) for module in package()}
    assert_none(
        f"{module} asks nasflow itself for {alias.name}"
        for module, tree in package().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "nasflow"
        for alias in node.names
        if alias.name not in rooms
    )


@pytest.mark.parametrize("pattern", ANY_SPACE)
def test_who_serves_any_space_knows_none(pattern: str) -> None:
    """Backends, protocols and the general controllers import nothing of the path level's cells."""
    modules = [module for module in package() if fnmatch(module, pattern)]
    assert modules
    assert_none(
        f"{module} imports {used}"
        for module in modules
        for used in sorted(set(imports(module)))
        if any(f"{used}.".startswith(f"{cells}.") for cells in ONE_SPACE)
    )
