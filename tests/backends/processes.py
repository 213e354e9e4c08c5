"""`nasflow` and `python` in processes that begin at once: forked from a clean one that has imported the heavy
parts. That one is multiprocessing's own, so lanes that this process opens come from it too.
"""

import json
import multiprocessing
import os
import runpy
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import forkserver, util
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingUnixStreamServer
from tempfile import TemporaryDirectory
from threading import Thread
from typing import NamedTuple

from tests.faults.blows import install_told

_CONTEXT = multiprocessing.get_context("forkserver")
_HEAVY = [
    "torch._dynamo",
    "torch.utils.flop_counter",
    "sklearn.datasets",
    "sklearn.model_selection",
    "kfp.dsl.executor_main",
    "nasflow.backends.inline",
    "nasflow.cli.run",
    "nasflow.cli.summary",
    "nasflow.steps.summary",
    "nasflow.controllers.policy.controller",
    "nasflow.controllers.tree.reader",
    "nasflow.measure.counts",
    "nasflow.measure.held_out",
    "nasflow.networks.densenet",
    "nasflow.steps.evaluate",
    "nasflow.steps.finish",
    "nasflow.steps.learn",
    "nasflow.steps.propose",
    "nasflow.steps.publish",
    "nasflow.steps.train",
    "nasflow.steps.turn",
    "nasflow.steps.warm_start",
    "nasflow.store.s3",
    "tests.faults.blows",
]

_CLIENT = """#!{python} -IS
import json, os, socket, sys
line = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
line.connect({address!r})
told = json.dumps([sys.argv, dict(os.environ), os.getcwd()]).encode()
socket.send_fds(line, [told], [0, 1, 2])
sys.exit(line.recv(1)[0])
"""
"""A program that has another process do what it was called for, and ends as that one does."""


def begin() -> None:
    """Start the process that all others are forked from, unless it runs."""
    _CONTEXT.set_forkserver_preload(_HEAVY)
    forkserver.ensure_running()


def start(
    *arguments: str | Path, output: Path, alone: bool = False, python: Path | None = None
) -> ForkServerProcess:
    """A command in a process of its own; what it says is added to the file `output`.

    With `alone` it leads a group of processes, as a shell's job does: whatever it starts belongs to that.
    `python` is the program that it takes for its own interpreter.
    """
    begin()
    told = ([*map(str, arguments)], output, dict(os.environ), alone, str(python or sys.executable))
    process = _CONTEXT.Process(target=_main, args=told)
    process.start()
    return process


def members(group: int) -> dict[int, int]:
    """The living processes of a group, and the parent of each."""
    processes = {int(path.name): _look(path) for path in Path("/proc").glob("[0-9]*")}
    return {number: seen.parent for number, seen in processes.items() if seen and seen.group == group}


def lanes_of(group: int) -> set[int]:
    """The lanes that the leader of a group has opened: not its children, but a child's."""
    parents = members(group)
    return {number for number, parent in parents.items() if parent in parents and parent != group}


def gone(processes: Iterable[int], within: float) -> bool:
    """Whether none of them lives after some seconds at most."""
    deadline = time.monotonic() + within
    while any(_look(Path(f"/proc/{number}")) for number in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@contextmanager
def quick_python() -> Iterator[Path]:
    """A program that does what `python -m MODULE ...` does, without the seconds of imports before it."""
    begin()
    # Not pytest's folder: the name of a socket is short.
    with TemporaryDirectory(prefix="nasflow-") as folder:
        address, program = f"{folder}/socket", Path(folder) / "python"
        program.write_text(_CLIENT.format(python=sys.executable, address=address))
        program.chmod(0o755)
        with _Server(address, _Call) as server:
            Thread(target=server.serve_forever, daemon=True).start()
            try:
                yield program
            finally:
                server.shutdown()


class _Server(ThreadingUnixStreamServer):
    socket_type = socket.SOCK_SEQPACKET
    daemon_threads = True


class _Call(BaseRequestHandler):
    """One call of the program."""

    def handle(self) -> None:
        """Answer with the exit code."""
        process = _CONTEXT.Process(target=_python, args=(self.request,))
        process.start()
        process.join()
        assert process.exitcode is not None
        self.request.sendall(bytes([process.exitcode & 255]))


class _Seen(NamedTuple):
    parent: int
    group: int


def _look(path: Path) -> _Seen | None:
    """Of a process that lives, by its folder in /proc."""
    try:
        state, parent, group = (path / "stat").read_text().rpartition(")")[2].split()[:3]
    except OSError:
        return None
    return None if state == "Z" else _Seen(int(parent), int(group))


def _main(arguments: list[str], output: Path, environment: dict[str, str], alone: bool, python: str) -> None:
    # Not what its parent was begun with: that may have been told of blows.
    os.environ.clear()
    os.environ.update(environment)
    sys.executable = python
    install_told()
    if alone:
        os.setsid()
    util.spawnv_passfds = _fork  # type: ignore[assignment]
    # A shell's background job, as CI may be one, ignores Ctrl-C, and so do the processes that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    with output.open("a", buffering=1) as file:
        sys.stdout = sys.stderr = file
        sys.argv = ["nasflow", *arguments]
        from nasflow.cli import main

        try:
            main()
        except BaseException as error:
            # Multiprocessing would say what went wrong when the file is closed: nobody would ever know.
            if not isinstance(error, SystemExit):
                traceback.print_exc(file=file)
            raise


def _fork(path: str, arguments: list[str], kept: Iterable[int]) -> int:
    """Does for multiprocessing what `python -c CODE` would, without the seconds of imports."""
    if child := os.fork():
        return child
    try:
        for name in os.listdir("/proc/self/fd"):
            if int(name) not in {0, 1, 2, *kept}:
                with suppress(OSError):
                    os.close(int(name))
        exec(arguments[-1], {})
    finally:
        os._exit(0)


def _python(line: socket.socket) -> None:
    told, descriptors, *_ = socket.recv_fds(line, 2**20, 3)
    arguments, environment, folder = json.loads(told)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    install_told()
    _, option, module, *rest = arguments
    assert option == "-m", arguments
    sys.argv = [module, *rest]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
