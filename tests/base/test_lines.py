import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasflow.base.lines import one_line, written_out


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", r"a\nb"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\u202egnp", r"\u202egnp"),
        ("\udcff", r"\udcff"),
        ("café – 図", "café – 図"),
        (600 * "x", f"{500 * 'x'}..."),
        (600 * "\0", 125 * r"\x00" + "..."),
    ],
)
def test_printable(text: str, shown: str) -> None:
    """What is no letter is written out, and what is too long is cut."""
    assert written_out(text) == shown


def test_one_line() -> None:
    """A line break is a space, and so is any other room between words."""
    assert one_line("first\n\tsecond \r\n third\n") == "first second third"
    assert one_line("a\nb", most=1) == "a..."


@given(st.text())
def test_any_text(text: str) -> None:
    """Whatever the text, it is one line that every terminal can show."""
    assert one_line(text).isprintable()
    assert written_out(text).isprintable()
