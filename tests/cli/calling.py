"""`nasflow ...` in this process: what it prints and exits with."""

import contextlib
import io
import json
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from tests.steps.samples import TINY

from nasflow.cli import main

GUESS = "nasflow: warning: The start network tells "
"""What a search says whose start network has hardly been trained, as those of `write_config`, begins so."""


@dataclass(frozen=True)
class Said:
    """The end of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, parsed: nothing else may be in it."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """The one line of a failure."""
        assert self.code != 0, self.out
        assert self.out == ""
        assert self.err.startswith("nasflow: error: "), self.err
        assert self.err.count("\n") == 1, self.err
        assert self.err.endswith("\n")
        return self.err.removeprefix("nasflow: error: ").strip()


def call(*arguments: str | Path) -> Said:
    """Run a command as a pipe would: neither output is a terminal."""
    out, err = io.StringIO(), io.StringIO()
    on_ctrl_c = signal.getsignal(signal.SIGINT)
    with (
        patch.object(sys, "argv", ["nasflow", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
        finally:
            # A command's own is for a process that ends with it.
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGINT, on_ctrl_c)
    assert code is None or isinstance(code, int)
    return Said(code or 0, out.getvalue(), err.getvalue())


def write_config(folder: Path, **changes: Any) -> Path:
    """The tiny search with other values, as a user's file."""
    file = folder / "search.yaml"
    file.write_text(yaml.safe_dump(TINY | changes))
    return file
