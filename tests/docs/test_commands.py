"""Every command that a page tells a user to type can be typed."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer
from tests.docs.pages import PAGES, ROOT, commands

from nasflow.cli.door import program

NASFLOW = [
    pytest.param(page, words, id=f"{page.name}-{number}")
    for page in PAGES
    if page.parent.name != "reference"
    for number, words in enumerate(commands(page, "nasflow"))
]

_UsageError: Any = typer.BadParameter.__base__


def read_command_line(words: list[str]) -> None:
    """Read the words as the program does, and do nothing; raise click's UsageError."""
    command: Any = program()
    context = command.make_context("nasflow", list(words))
    while rest := [*context._protected_args, *context.args]:
        if not hasattr(context.command, "resolve_command"):
            break
        name, below, rest = context.command.resolve_command(context, rest)
        context = below.make_context(name, rest, parent=context)


@pytest.mark.parametrize(("page", "words"), NASFLOW)
def test_nasflow(page: Path, words: list[str]) -> None:
    """Its commands and options are there, and all that is wanted is given."""
    read_command_line(words)


def test_what_cannot_be_typed() -> None:
    """The reader above refuses what the program refuses."""
    for words in (
        ["serach"],
        ["search"],
        ["search", "a.yaml", "--bogus"],
        ["resume", "x", "--children", "many"],
    ):
        with pytest.raises(_UsageError):
            read_command_line(words)


def test_there_are_commands() -> None:
    """A page's commands are found."""
    assert len(NASFLOW) > 25


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_is_named_in_a_sentence(page: Path) -> None:
    """`nasflow COMMAND --option`: both are there."""
    for text in re.findall(r"`(?:\.venv/bin/)?nasflow ((?:[a-z-]| )[^`]*)`", page.read_text()):
        words, command, known = text.split(), program(), {"--help"}
        while True:
            known |= {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
            if not words or not hasattr(command, "commands") or words[0].startswith("-"):
                break
            assert words[0] in command.commands, f"{page.name}: nasflow {text}"
            command = command.commands[words.pop(0)]
        unknown = {word.partition("=")[0] for word in words if word.startswith("--")} - known
        assert not unknown, f"{page.name}: nasflow {text}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make(page: Path) -> None:
    """Make has each target, and each variable that is set for it."""
    makefile = (ROOT / "Makefile").read_text()
    for words in commands(page, "make"):
        for word in words:
            name, is_variable, _ = word.partition("=")
            wanted = (
                rf"\b{name}\b" if is_variable else rf"^{re.escape(name)}\b.*:|^[a-z -]*\b{re.escape(name)}:"
            )
            assert re.search(wanted, makefile, re.MULTILINE), f"{page.name}: make {' '.join(words)}"
