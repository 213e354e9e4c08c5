"""Every command, as its own --help tells it."""

from collections.abc import Iterator, Mapping
from typing import Any

import typer

from nasflow.cli.reference.markdown import FROM_THE_PROGRAM, page

_WIDTH = 100
"""Letters in a line: what a page shows without a scroll bar."""


def commands_page(program: Any) -> str:
    """The page; `program` is the command line as typer's click has it."""
    return page(_lines(program))


def _lines(program: Any) -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield FROM_THE_PROGRAM
    for context in _all(typer.Context(program, info_name="nasflow", terminal_width=_WIDTH)):
        yield ""
        yield f"## {context.command_path}"
        yield ""
        yield "```text"
        yield "\n".join(line.rstrip() for line in context.get_help().strip().splitlines())
        yield "```"


def _all(context: Any) -> Iterator[Any]:
    """The command and those below it."""
    yield context
    below: Mapping[str, Any] = getattr(context.command, "commands", {})
    for name, each in below.items():
        yield from _all(typer.Context(each, info_name=name, parent=context, terminal_width=_WIDTH))
