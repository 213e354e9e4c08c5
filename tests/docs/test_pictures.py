from pathlib import Path

import pytest
from tests.docs.pages import ROOT, commands

from nasflow.report.drawing import draw_cell
from nasflow.spec.cells import find_cell

DRAWN = [words for words in commands(ROOT / "docs/how-it-works.md", "nasflow") if words[0] == "cell"]


@pytest.mark.parametrize(("text", "picture"), [(words[1], words[3]) for words in DRAWN])
def test_a_picture_is_what_its_command_draws(text: str, picture: str) -> None:
    """The page says so."""
    assert draw_cell(find_cell(text)) == (ROOT / picture).read_text()


def test_every_picture_is_drawn_there() -> None:
    """None is left from an older page."""
    assert {Path(words[3]).name for words in DRAWN} == {
        each.name for each in (ROOT / "docs/pictures").iterdir()
    }
