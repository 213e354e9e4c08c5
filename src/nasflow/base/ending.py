"""SIGTERM, as clusters send it before they kill. (Ctrl-C concerns commands alone: `cli.interrupt`.)"""

import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import TypeVar

TERMINATED = 128 + signal.SIGTERM
"""The exit code, as shells have it."""

_MOMENT = 0.05
"""Seconds."""

_Error = TypeVar("_Error", bound=BaseException)

_UNDERWAY = list["weakref.ref[BaseException]"]()
"""What a signal has raised and nobody has heeded yet."""


class _SigtermExit(SystemExit):
    """The exit that SIGTERM asked for."""


def stop_on_sigterm() -> None:
    """From now on SIGTERM ends this process as an exit does, so that what is open is written down."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _stop)


def underway(error: _Error, again: Callable[[], None]) -> _Error:
    """`error`, for a signal's handler to raise; `again` is called if it vanishes before it is `heeded`.

    A signal's exception comes anywhere. Where C code or a `__del__` has called Python, it is dropped, at
    times without a word, and whoever sent the signal would wait for ever.
    """

    def vanished(_: object) -> None:
        # No frame below: it has ended the process, as it should.
        if sys._getframe().f_back is not None:
            again()

    _UNDERWAY[:] = [weakref.ref(error, vanished)]
    return error


def heeded() -> None:
    """What was under way has arrived."""
    _UNDERWAY.clear()


def send_again(number: int) -> None:
    """Send this process a signal in a moment, when it will be elsewhere."""
    timer = threading.Timer(_MOMENT, os.kill, (os.getpid(), number))
    timer.daemon = True
    # At Python's end no thread begins, and nothing is left to be ended.
    with suppress(RuntimeError):
        timer.start()


def _stop(number: int, frame: FrameType | None) -> None:
    raise underway(_SigtermExit(TERMINATED), lambda: send_again(signal.SIGTERM))
