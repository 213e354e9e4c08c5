"""SIGTERM, as clusters send it before they kill. (Ctrl-C concerns commands alone: `cli.interrupt`.)"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

TERMINATED = 128 + signal.SIGTERM
"""The exit code, as shells have it."""

_MOMENT = 0.05
"""Seconds."""


class _SigtermExit(SystemExit):
    """The exit that SIGTERM asked for."""


def stop_on_sigterm() -> None:
    """From now on SIGTERM ends this process as an exit does, so that what is open is written down."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _stop)
        insist_on(_SigtermExit, lambda: send_again(signal.SIGTERM))


def insist_on(kind: type[BaseException], again: Callable[[], None]) -> None:
    """Call `again` where Python drops an exception of this kind.

    A signal's exception comes anywhere. Where C code or a `__del__` has called Python, nobody can take it: it
    is dropped with a remark, and whoever sent the signal waits for ever.
    """
    hook: Any = sys.unraisablehook
    while isinstance(hook, _Insistent):
        if hook.kind is kind:
            return
        hook = hook.before
    sys.unraisablehook = _Insistent(kind, again, sys.unraisablehook)


def send_again(number: int) -> None:
    """Send this process a signal in a moment, when it will be elsewhere."""
    timer = threading.Timer(_MOMENT, os.kill, (os.getpid(), number))
    timer.daemon = True
    timer.start()


@dataclass(frozen=True)
class _Insistent:
    """What Python calls with each exception that it drops."""

    kind: type[BaseException]
    again: Callable[[], None]
    before: Callable[[Any], Any]

    def __call__(self, dropped: Any) -> None:
        if isinstance(dropped.exc_value, self.kind):
            self.again()
        else:
            self.before(dropped)


def _stop(number: int, frame: FrameType | None) -> None:
    raise _SigtermExit(TERMINATED)
