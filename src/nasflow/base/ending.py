"""SIGTERM, as clusters send it before they kill. (Ctrl-C concerns commands alone: `cli.interrupt`.)"""

import signal
import sys
import threading
from types import FrameType

TERMINATED = 128 + signal.SIGTERM
"""The exit code, as shells have it."""


def stop_on_sigterm() -> None:
    """From now on SIGTERM ends this process as an exit does, so that what is open is written down."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    sys.exit(TERMINATED)
