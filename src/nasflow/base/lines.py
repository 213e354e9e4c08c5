"""Text on one line of a terminal, whatever somebody else has put into it."""

LONGEST_LINE = 500
"""Characters of somebody else's text that a message repeats."""


def written_out(text: str, most: int = LONGEST_LINE) -> str:
    """`text` with all that is no letter, sign or space written out, cut where it is too long.

    What breaks a line, moves a cursor, turns the direction or is no character at all (a name that is not
    UTF-8) is shown as Python writes it: a name cannot pass for a message.
    """
    shown = "".join(each if each.isprintable() else repr(each)[1:-1] for each in text[: most + 1])
    return shown if len(shown) <= most else f"{shown[:most]}..."


def one_line(text: str, most: int = LONGEST_LINE) -> str:
    """The same for a text of several lines, as another program's message: a space where a line ends."""
    return written_out(" ".join(text.split()), most)
