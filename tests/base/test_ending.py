"""In a process of its own: an exit of pytest's would be one of all tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import nasflow
from nasflow.base.ending import TERMINATED

PROGRAM = """
import os, signal, sys, time
from nasflow.base.ending import stop_on_sigterm
from nasflow.cli.interrupt import stop_on_ctrl_c

class Deaf:
    def __init__(self, number):
        self.number = number

    def __del__(self):
        os.kill(os.getpid(), self.number)
        [None for _ in range(1000)]

signal.signal(signal.SIGINT, signal.default_int_handler)
stop_on_sigterm()
stop_on_ctrl_c()
Deaf(signal.Signals[sys.argv[1]])
try:
    time.sleep(30)
finally:
    print("written down")
"""
"""Gets the signal that its argument names where Python can only drop an exception."""


def run(program: str, name: str) -> subprocess.CompletedProcess[str]:
    """How it ends, with the signal of that name."""
    return subprocess.run(
        [sys.executable, "-c", program, name],
        env=os.environ | {"PYTHONPATH": str(Path(nasflow.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", TERMINATED), ("SIGINT", -2)])
def test_a_signal_that_nobody_could_take(name: str, code: int) -> None:
    """It ends the process all the same, which writes down what is open."""
    end = run(PROGRAM, name)
    assert (end.returncode, end.stdout) == (code, "written down\n")
    assert "Exception ignored" not in end.stderr


def test_what_else_is_dropped_is_said() -> None:
    """Other exceptions have Python's remark, as ever."""
    program = PROGRAM.replace("os.kill(os.getpid(), self.number)", "raise ValueError").replace("(30)", "(0)")
    end = run(program, "SIGTERM")
    assert (end.returncode, end.stdout) == (0, "written down\n")
    assert "Exception ignored" in end.stderr
    assert "ValueError" in end.stderr
