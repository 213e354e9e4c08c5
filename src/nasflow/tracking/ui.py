"""How to look at what was tracked: MLflow's own server, for as long as somebody looks."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from tempfile import TemporaryFile
from typing import IO
from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

from nasflow.base.credentials import masked
from nasflow.base.errors import InvalidSpec, TrackingUnavailable
from nasflow.base.settings import BACKEND_STORE_URI, JOB_EXECUTION, by_name, environment
from nasflow.tracking.address import artifact_folder
from nasflow.tracking.connection import QUIET, connected
from nasflow.tracking.experiment import newest_tables

_SECONDS = 120.0
"""How long the server may take until it answers: on a busy machine its imports alone take many."""
_LOOK_SECONDS = 0.2
_TABLES = 5
"""Searches whose pages are named, the latest."""
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Where one that listens at every address is asked."""


def serve_pages(uri: str, host: str, port: int, tell: Callable[[str], None]) -> int:
    """Run MLflow's own server for the database at `uri` until it ends; its exit code.

    `tell` hears that it begins, and its address once it answers. Raise InvalidSpec if the port is taken,
    TrackingUnavailable if the server does not come up; its own words are in that line, and nowhere else.
    """
    _check_free(host, port)
    tell("MLflow's server begins, which takes some seconds")
    pages = f"http://{_in_address(host)}:{port}"
    with connected(uri, "see what is there, or give another address in MLFLOW_TRACKING_URI") as client:
        tables = newest_tables(client, pages, _TABLES)
    with TemporaryFile() as log, _running(uri, host, port, log) as server:
        asked = _EVERYWHERE.get(host, host)
        _wait_for(f"http://{_in_address(asked)}:{port}/health", server, log)
        tell(f"MLflow's pages: {pages} (Ctrl-C ends them)")
        for table in tables:
            tell(f"the networks of a search: {table}")
        return server.wait()


def ui_command(uri: str, host: str, port: int) -> list[str] | None:
    """The command line of MLflow's own web page for the database at `uri`; None: `uri` is a server.

    Run it with `ui_environment(uri)`, which holds the address: there may be a password in it.
    """
    if uri.startswith(("http://", "https://")):
        return None
    folder = artifact_folder(uri)
    artifacts = ["--default-artifact-root", folder] if folder else []
    place = ["--host", host, "--port", str(port), "--workers", "1"]
    return [sys.executable, "-m", "mlflow", "ui", *artifacts, *place]


def ui_environment(uri: str) -> dict[str, str]:
    """This process's environment with the database at `uri`, with telemetry off, and without the server's
    processes for jobs: seven of a quarter of a gigabyte each.
    """
    return environment() | by_name(QUIET | {BACKEND_STORE_URI: uri, JOB_EXECUTION: "false"})


def _check_free(host: str, port: int) -> None:
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise InvalidSpec(f"--host {host}: there is no such address on this machine") from None
    with closing(socket.socket(family, kind)) as listener:
        # As servers do: a port whose last connections are only dying is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(place)
        except OSError as error:
            reason = f"port {port} of {host}: {error.strerror}"
            raise InvalidSpec(f"{reason}: choose another with --port") from None


@contextmanager
def _running(uri: str, host: str, port: int, log: IO[bytes]) -> Iterator["subprocess.Popen[bytes]"]:
    """The server, with all that it starts, for the time of a `with` block."""
    command = ui_command(uri, host, port)
    assert command
    server = subprocess.Popen(
        command,
        env=ui_environment(uri),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        yield server
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def _wait_for(address: str, server: "subprocess.Popen[bytes]", log: IO[bytes]) -> None:
    deadline = time.monotonic() + _SECONDS
    # Whatever proxy the environment names: this is asked on this machine.
    directly = build_opener(ProxyHandler({}))
    while time.monotonic() < deadline:
        try:
            with directly.open(address, timeout=_LOOK_SECONDS * 5):
                return
        except HTTPError:
            return
        except OSError:
            with suppress(subprocess.TimeoutExpired):
                code = server.wait(_LOOK_SECONDS)
                raise TrackingUnavailable(
                    f"MLflow's server ended with exit code {code}: {_last_words(log)}"
                ) from None
    late = f"MLflow's server does not answer within {_SECONDS:g} seconds"
    raise TrackingUnavailable(f"{late}: {_last_words(log)}")


def _last_words(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    return masked(lines[-1].strip()) if lines else "it said nothing"


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host
