"""Tables for a page that somebody reads."""

from collections.abc import Iterable, Iterator

FROM_THE_PROGRAM = "*This page is made by `nasflow reference`: it says what the program says of itself.*"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of a table."""
    names = tuple(heads)
    yield _row(names)
    yield _row("---" for _ in names)
    yield from map(_row, rows)


def paragraph(text: str | None) -> str:
    """A docstring in one line: what its lines end is where an editor's end."""
    return " ".join((text or "").split())


def page(lines: Iterable[str]) -> str:
    """The whole text, with an end of line."""
    return "\n".join(lines).rstrip("\n") + "\n"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(each.replace('|', chr(92) + '|') for each in cells)} |"
