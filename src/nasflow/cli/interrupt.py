"""Ctrl-C, from a command's first moment to its last: a line at most, exit code 130, never a traceback."""

import os
import signal
import sys
import threading
from types import FrameType

from nasflow.base.ending import send_again, underway

INTERRUPTED = 130
"""What shells make of Ctrl-C."""

_SHOW_CURSOR = b"\x1b[?25h"


class _CtrlC(KeyboardInterrupt):
    """The one that was pressed."""


def leave_on_ctrl_c() -> None:
    """From now on Ctrl-C ends this process at once: nothing has begun, or what had begun is being ended.

    Whoever ignores it (a job in the background), or has a handler of his own, keeps that.
    """
    if _is_ours():
        signal.signal(signal.SIGINT, _leave)


def stop_on_ctrl_c() -> None:
    """From now on the first Ctrl-C is a KeyboardInterrupt, and the next one ends this process at once."""
    if _is_ours():
        signal.signal(signal.SIGINT, _stop)


def is_leaving() -> bool:
    """Whether Ctrl-C was pressed: an error that comes now is what a library has made of it."""
    return signal.getsignal(signal.SIGINT) is _leave


def _is_ours() -> bool:
    handlers = (signal.default_int_handler, _leave, _stop)
    return (
        threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) in handlers
    )


def _stop(number: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, _leave)
    raise underway(_CtrlC(), _once_more)


def _once_more() -> None:
    """The first one was dropped on its way."""
    stop_on_ctrl_c()
    send_again(signal.SIGINT)


def _leave(number: int, frame: FrameType | None) -> None:
    """Without Python's own end, which would tell of threads and processes that it did not get to end."""
    if sys.__stderr__ and sys.__stderr__.isatty():
        os.write(sys.__stderr__.fileno(), _SHOW_CURSOR)
    os._exit(INTERRUPTED)
