"""What a person is told beside a command's output."""

import sys
from contextlib import suppress

from nasflow.base.credentials import masked
from nasflow.base.lines import one_line

_LONGEST_MESSAGE = 2000
"""Characters."""


def say(message: str) -> None:
    """Tell the user something in one line, on standard error; secrets in it are hidden."""
    # In one piece: `print` writes the end of its line apart, and two threads at once would share a line.
    # Where that cannot be written (a log on a full disk), the work itself is not to end of it.
    with suppress(OSError):
        sys.stderr.write(f"nasflow: {one_line(masked(message), _LONGEST_MESSAGE)}\n")
        sys.stderr.flush()
