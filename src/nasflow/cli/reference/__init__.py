"""The reference, written by the program itself: what it can be told is told by what it is made of."""

from collections.abc import Mapping
from typing import Any

from nasflow.cli.reference.commands import commands_page
from nasflow.cli.reference.configuration import configuration_page
from nasflow.cli.reference.process import environment_page, exit_codes_page

__all__ = ["pages"]


def pages(program: Any) -> Mapping[str, str]:
    """The pages in Markdown by their file names; `program` is the command line as typer has it."""
    return {
        "configuration.md": configuration_page(),
        "commands.md": commands_page(program),
        "environment.md": environment_page(),
        "exit-codes.md": exit_codes_page(),
    }
