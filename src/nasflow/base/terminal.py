"""What a person is told beside a command's output."""

import sys

from nasflow.base.credentials import masked
from nasflow.base.lines import one_line

_LONGEST_MESSAGE = 2000
"""Characters."""


def say(message: str) -> None:
    """Tell the user something in one line, on standard error; secrets in it are hidden."""
    print(f"nasflow: {one_line(masked(message), _LONGEST_MESSAGE)}", file=sys.stderr, flush=True)
