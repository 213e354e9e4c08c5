"""Each component's README, made from its docstring: `python -m nasflow.components.readme`."""

import importlib
from pathlib import Path
from typing import Any

import docstring_parser

FOLDER = Path(__file__).resolve().parent
NAMES = tuple(sorted(path.parent.name for path in FOLDER.glob("*/component.py")))


def load(name: str) -> Any:
    """The component of a folder."""
    return getattr(importlib.import_module(f"nasflow.components.{name}.component"), name)


def readme(name: str) -> str:
    """The README of a component: what it does, what goes in, what comes out."""
    component = load(name)
    spec = component.component_spec
    said = docstring_parser.parse(component.python_func.__doc__)
    what = {each.arg_name: each.description for each in said.params}
    if said.returns:
        what["Output"] = said.returns.description
    lines = [f"# {name.replace('_', '-')}", "", said.short_description or ""]
    if said.long_description:
        lines += ["", said.long_description]
    for title, parts in (("input", spec.inputs), ("output", spec.outputs)):
        if parts:
            lines += ["", f"| {title} | type | what |", "|---|---|---|"]
            lines += [f"| `{key}` | {_type(part)} | {_line(what[key])} |" for key, part in parts.items()]
    return "\n".join(lines) + "\n"


def _line(text: str | None) -> str:
    return " ".join((text or "").split())


def _type(part: Any) -> str:
    return str(part.type).removeprefix("system.").partition("@")[0]


def main() -> None:
    """Write them all."""
    for name in NAMES:
        (FOLDER / name / "README.md").write_text(readme(name), encoding="utf-8")


if __name__ == "__main__":
    main()
