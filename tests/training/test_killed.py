import os
import runpy
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.backends.processes import quick_python

import nasflow

SCRIPT = Path(__file__).with_name("run_training.py")
SOURCES = str(Path(nasflow.__file__).parents[1])


def start(*arguments: str) -> subprocess.Popen[str]:
    """The script in a process of its own."""
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), *arguments],
        env=os.environ | {"PYTHONPATH": SOURCES},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_killed_training_ends_with_the_same_bits(tmp_path: Path) -> None:
    """A process killed amid the second epoch leaves what another one needs to end as if nothing had been."""
    whole, killed, run = tmp_path / "whole", tmp_path / "killed", runpy.run_path(str(SCRIPT))["run"]
    whole.mkdir()
    killed.mkdir()
    victim = start(str(killed), "2", "4")
    run(whole)
    _, errors = victim.communicate()
    assert victim.returncode == -signal.SIGKILL, errors
    assert (killed / "checkpoint").exists()
    run(killed)
    assert (killed / "final").read_bytes() == (whole / "final").read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its address space")
def test_a_child_that_does_not_fit_is_a_failure() -> None:
    """Where the CPU's memory really runs out, the child fails in one line with the place and the remedy."""
    with quick_python() as python:
        command = [str(python), "-m", "tests.training.run_training", "--exhaust", str(400 * 2**20)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout
    assert said.startswith("out of memory at epoch 1, step 1: a smaller batch size"), said + done.stderr
    assert said.count("\n") == 1
