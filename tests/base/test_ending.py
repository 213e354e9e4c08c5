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

class Taker:
    def __init__(self, number):
        try:
            os.kill(os.getpid(), number)
            [None for _ in range(1000)]
        except BaseException:
            pass

class Deaf:
    def __init__(self, number):
        self.number = number

    def __del__(self):
        os.kill(os.getpid(), self.number)
        [None for _ in range(1000)]

signal.signal(signal.SIGINT, signal.default_int_handler)
stop_on_sigterm()
stop_on_ctrl_c()
eval(sys.argv[2])(signal.Signals[sys.argv[1]])
try:
    time.sleep(30)
except KeyboardInterrupt:
    sys.exit(130)
finally:
    print("written down")
"""
"""Gets the signal that its argument names where its exception is dropped, with a word or without one."""


@pytest.mark.parametrize("where", ["Deaf", "Taker"])
@pytest.mark.parametrize(("name", "code"), [("SIGTERM", TERMINATED), ("SIGINT", 130)])
def test_a_signal_that_nobody_could_take(name: str, code: int, where: str) -> None:
    """It ends the process all the same, once, and what is open is written down."""
    end = subprocess.run(
        [sys.executable, "-c", PROGRAM, name, where],
        env=os.environ | {"PYTHONPATH": str(Path(nasflow.__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (end.returncode, end.stdout) == (code, "written down\n")
