"""What a person is told beside a command's output."""

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from nasflow.base.credentials import masked
from nasflow.base.lines import one_line

if TYPE_CHECKING:
    from rich.console import Console

_LONGEST_MESSAGE = 2000
"""Characters."""


def say(message: str) -> None:
    """Tell the user something in one line, on standard error; secrets in it are hidden."""
    # In one piece: `print` writes the end of its line apart, and two threads at once would share a line.
    stream = _Heedless(sys.stderr)
    stream.write(f"nasflow: {one_line(masked(message), _LONGEST_MESSAGE)}\n")
    stream.flush()


def side_console() -> "Console":
    """Where a command shows how far it is: standard error."""
    from rich.console import Console

    return Console(file=_Heedless(sys.stderr))  # type: ignore[arg-type]


class _Heedless:
    """A stream that may be closed, or on a full disk: the work itself is not to end of that."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(*_TROUBLES):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(*_TROUBLES):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


_TROUBLES = (OSError, ValueError, AttributeError)
"""Of a stream that cannot be written, is closed, or is None because it was closed at the start."""
