"""The door: `nasflow ...`."""

import sys

from nasflow.cli.interrupt import INTERRUPTED, leave_on_ctrl_c

__all__ = ["main"]


def main() -> None:
    """Run a command; exit with 0, or with the code that nasflow.base.errors gives the failure."""
    # First of all: what a command line is read with takes a moment to be imported.
    leave_on_ctrl_c()
    from nasflow.cli.door import run_command

    try:
        sys.exit(run_command())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
