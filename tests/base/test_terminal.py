import io
import sys

import pytest

from nasflow.base.terminal import say, side_console


class Full(io.StringIO):
    """A log on a full disk."""

    def write(self, text: str) -> int:
        """Refuses."""
        raise OSError(28, "No space left on device")


def closed() -> io.StringIO:
    """A stream that somebody has closed."""
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stream", [None, Full(), closed()], ids=["none", "full", "closed"])
def test_nothing_ends_of_what_cannot_be_told(
    stream: io.StringIO | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where standard error was closed at the start, or its disk is full, the work goes on."""
    monkeypatch.setattr(sys, "stderr", stream)
    say("half of it is done")
    if stream is not None and not stream.closed:
        side_console().print("a network")


def test_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A line each, on standard error, without secrets."""
    say("see s3://key:secret@bucket")
    side_console().print("a network")
    assert capsys.readouterr().err.splitlines() == ["nasflow: see s3://***@bucket", "a network"]
