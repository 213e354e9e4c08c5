"""The code of somebody's network: whether it may be run here, and what it says before it is run.

A configuration or a store that came from elsewhere may name any module of this machine as a network's
factory. So it takes a word of whoever runs nasflow, module by module; and where a search has begun with it,
its files must be as they were then.
"""

import ast
import hashlib
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.util import find_spec, resolve_name
from pathlib import Path

from torch import nn

from nasflow.base.errors import InvalidSpec
from nasflow.base.settings import ALLOWED_CODE

CODE_DIGITS = 16
"""Of a digest."""

_PROMISED = frozenset({"torch", "torchvision"}) | sys.stdlib_module_names
"""Packages whose code is not looked at: they promise that their layers and networks stay what they are."""


def check_allowed(network: str) -> None:
    """Raise InvalidSpec unless the module of `module:factory` may be imported and run here."""
    module = network.partition(":")[0]
    allowed = {each.strip() for each in (ALLOWED_CODE.get() or "").split(",")}
    if allowed.isdisjoint(_prefixes(module)):
        top = module.partition(".")[0]
        raise InvalidSpec(
            f"{network} is code that would be run: if you trust it, say `nasflow --allow-code {top} ...`, or "
            f"{ALLOWED_CODE}={top} in the environment"
        )


def is_found(network: str) -> bool:
    """Whether the module of a factory, or the package that it is in, can be imported from here."""
    return bool(_folders(network.partition(":")[0].partition(".")[0]))


@cache
def written_code(network: str) -> str:
    """Digest of the files of a factory's module and of all that these import from beside themselves.

    Read, not run. Beside are the files in the same folder and below it; of an installed package its own.
    What a file imports by a name that it makes up at run time is not seen.
    """
    digest = hashlib.sha256()
    for name, source in sorted(_reached(network.partition(":")[0]).items()):
        digest.update(f"{name}\0{len(source)}\0".encode() + source)
    return digest.hexdigest()[:CODE_DIGITS]


def run_code(module: str, factory: object, network: nn.Module) -> str:
    """Digest of the sources of what has made a network: its module, the factory, the classes of its layers.

    They have been run by now, so that it is known where they come from.
    """
    makers = [factory, *(base for each in network.modules() for base in type(each).__mro__)]
    modules = {module, *(getattr(each, "__module__", None) or "" for each in makers)}
    own = sorted(name for name in modules if name and name.partition(".")[0] not in _PROMISED)
    text = "\0".join(f"{name}\0{_source(name)}" for name in own)
    return hashlib.sha256(text.encode()).hexdigest()[:CODE_DIGITS]


@cache
def _source(module: str) -> str:
    """What the module's file says when it is first asked for; nothing for one that has no source."""
    spec = getattr(sys.modules.get(module), "__spec__", None)
    read = getattr(getattr(spec, "loader", None), "get_source", None)
    return (read(module) or "") if read else ""


def _reached(module: str) -> dict[str, bytes]:
    """Sources by module."""
    top = module.partition(".")[0]
    folders = _folders(top)
    is_installed = any(_is_of_packages(folder) for folder in folders)
    found, waiting = dict[str, bytes](), _prefixes(module)
    while waiting:
        name = waiting.pop()
        file = None if name in found else _file(folders, name)
        if file is None or (is_installed and name.partition(".")[0] != top):
            continue
        found[name] = file.read_bytes()
        waiting += _imports(found[name], name if file.stem == "__init__" else name.rpartition(".")[0])
    return found


def _folders(top: str) -> Sequence[Path]:
    """Where a package or module lies; nowhere if there is none, which its import will tell."""
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return ()
    if spec is None:
        return ()
    if spec.submodule_search_locations is not None:
        return [Path(place).parent for place in spec.submodule_search_locations]
    return [Path(spec.origin).parent] if spec.has_location and spec.origin else ()


def _is_of_packages(folder: Path) -> bool:
    """Whether a folder is one into which packages are installed, Python's own among them."""
    return str(folder) in {sysconfig.get_path(name) for name in ("purelib", "platlib", "stdlib")}


def _file(folders: Sequence[Path], name: str) -> Path | None:
    for folder in folders:
        place = folder.joinpath(*name.split("."))
        for file in (place / "__init__.py", place.with_name(f"{place.name}.py")):
            if file.is_file():
                return file
    return None


def _imports(source: bytes, package: str) -> Iterator[str]:
    """Whatever a file of that package may import, modules or not."""
    try:
        parsed = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(parsed):
        if isinstance(node, ast.Import):
            for each in node.names:
                yield from _prefixes(each.name)
        elif isinstance(node, ast.ImportFrom):
            try:
                base = resolve_name("." * node.level + (node.module or ""), package)
            except ImportError:
                continue
            yield from _prefixes(base)
            yield from (f"{base}.{each.name}" for each in node.names)


def _prefixes(name: str) -> list[str]:
    """`a`, `a.b` and `a.b.c` of `a.b.c`: all that an import of it runs."""
    parts = name.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]
