"""`nasflow` in processes that can be killed: forked from a clean one that has imported the heavy parts."""

import multiprocessing
import os
import signal
import sys
from multiprocessing.context import ForkServerProcess
from pathlib import Path

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "torch._dynamo",
        "torch.utils.flop_counter",
        "sklearn.datasets",
        "sklearn.model_selection",
        "nasflow.backends.inline",
        "nasflow.controllers.tree.controller",
        "nasflow.steps.publish",
    ]
)


def start(*arguments: str | Path, output: Path) -> ForkServerProcess:
    """A command in a process of its own; what it says is added to the file `output`."""
    process = _CONTEXT.Process(target=_main, args=([*map(str, arguments)], output, dict(os.environ)))
    process.start()
    return process


def _main(arguments: list[str], output: Path, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    # A shell's background job, as CI may be one, ignores Ctrl-C, and so do the processes that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with output.open("a", buffering=1) as file:
        sys.stdout = sys.stderr = file
        sys.argv = ["nasflow", *arguments]
        from nasflow.cli import main

        main()
