"""README and the pages of docs/, and the commands that they tell a user to type."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))


def blocks(page: Path, language: str) -> Iterator[str]:
    """The code blocks of a page that are marked with a language; with "", those that are marked with none."""
    for fence in re.finditer(r"^( *)```(\w*)\n(.*?)^\1```", page.read_text(), re.MULTILINE | re.DOTALL):
        if fence[2] == language:
            yield fence[3]


def commands(page: Path, program: str) -> Iterator[list[str]]:
    """What is to be typed after the name of a program, word by word."""
    for language in ("", "console", "bash", "sh"):
        for block in blocks(page, language):
            for line in block.replace("\\\n", " ").splitlines():
                typed = re.match(rf"\s*(?:\$ )?(?:\w+=\S+ )*(?:\.venv/bin/)?{program}(\s.*|)$", line)
                if typed:
                    yield shlex.split(typed[1], comments=True)
