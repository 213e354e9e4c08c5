"""Each component's README, made from its docstring: `python -m nasflow.components.readme`."""

import importlib
from pathlib import Path
from typing import Any

import docstring_parser

from nasflow.steps.table import Step

COMPONENTS = Path(__file__).parent
"""Their folders are in this one."""


def load_component(step: Step) -> Any:
    """The component of a step."""
    module = importlib.import_module(f"nasflow.components.{step.function}.component")
    return getattr(module, step.function)


def readme(step: Step) -> str:
    """The README of a step's component: what it does, what goes in, what comes out."""
    component = load_component(step)
    spec = component.component_spec
    said = docstring_parser.parse(component.python_func.__doc__)
    what = {each.arg_name: each.description for each in said.params}
    if said.returns:
        what["Output"] = said.returns.description
    lines = [f"# {step.title}", "", said.short_description or ""]
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


def write_readmes() -> None:
    """Write them all."""
    for step in Step:
        (COMPONENTS / step.function / "README.md").write_text(readme(step), encoding="utf-8")


if __name__ == "__main__":
    write_readmes()
