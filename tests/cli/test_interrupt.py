import os
import subprocess
import sys
from pathlib import Path

import pytest

import nasflow

PROGRAM = """
import os, signal, sys

class Presser:
    def find_spec(self, name, path=None, target=None):
        if name in moments:
            os.kill(os.getpid(), signal.SIGINT)

class Stream:
    def write(self, text):
        os.kill(os.getpid(), signal.SIGINT)

    def flush(self):
        pass

signal.signal(signal.SIGINT, signal.default_int_handler)
from nasflow.cli import main
moments = sys.argv[1].split(",")
sys.argv[:] = ["nasflow", *sys.argv[2:]]
sys.meta_path.insert(0, Presser())
if "stderr" in moments:
    sys.stderr = Stream()
main()
"""
"""Presses Ctrl-C when the modules in its argument are imported, or when something is said."""

AT_THE_START, AT_WORK, AT_THE_END = "nasflow.cli.door", "nasflow.search.file", "stderr"
AT_A_LOOK = "nasflow.spec.cells"
WORK, LOOK = ("plan", "search.yaml"), ("cell", "TreeCell-A")
STOPPED = "nasflow: stopped: what was finished is kept, the same command goes on\n"


@pytest.mark.parametrize(
    ("command", "moments", "said"),
    [
        (WORK, (AT_THE_START,), ""),
        (WORK, (AT_WORK,), STOPPED),
        (WORK, (AT_WORK, AT_THE_END), ""),
        (LOOK, (AT_A_LOOK,), ""),
    ],
    ids=["at the start", "at work", "twice", "at a look"],
)
def test_ctrl_c(command: tuple[str, ...], moments: tuple[str, ...], said: str) -> None:
    """Whenever Ctrl-C is pressed, and however often: exit code 130, one line at most; none of a stop where
    nothing was at work.
    """
    end = subprocess.run(
        [sys.executable, "-c", PROGRAM, ",".join(moments), *command],
        env=os.environ | {"PYTHONPATH": str(Path(nasflow.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (end.returncode, end.stdout, end.stderr) == (130, "", said)
