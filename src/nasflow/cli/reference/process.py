"""What a process reads from its environment, and what it exits with."""

from collections.abc import Iterator

from nasflow.base import errors
from nasflow.base.settings import ALL
from nasflow.cli.reference.markdown import FROM_THE_PROGRAM, page, paragraph, table


def environment_page() -> str:
    """Each variable, in the order of `nasflow.base.settings`."""
    heads = ("variable", "what it is", "for", "if it is not set")
    rows = (
        (f"`{each.name}`", "a secret" if each.is_secret else each.unit, each.purpose, each.absent)
        for each in ALL
    )
    return page(["# Environment", "", FROM_THE_PROGRAM, "", *table(heads, rows)])


def exit_codes_page() -> str:
    """Each code with the errors that have it."""
    told = [("0", "Good.")]
    told += sorted({(str(code), text) for code, text in _codes(errors.NasflowError)}, key=_by_code)
    text = "Every error is one line on standard error that names the thing, its value and the remedy."
    return page(["# Exit codes", "", FROM_THE_PROGRAM, "", text, "", *table(("code", ""), told)])


def _codes(kind: type[errors.NasflowError]) -> Iterator[tuple[int, str]]:
    """Of each class below that brings a code of its own."""
    for each in kind.__subclasses__():
        if "exit_code" in vars(each):
            yield each.exit_code, paragraph(each.__doc__).partition(" A ValueError too")[0]
        yield from _codes(each)


def _by_code(row: tuple[str, str]) -> int:
    return int(row[0])
