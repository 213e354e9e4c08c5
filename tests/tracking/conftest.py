"""A real MLflow, once over SQLite and once over HTTP."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from nasflow.base.settings import by_name
from nasflow.tracking.connection import QUIET

from .searches import Searches
from .shown import Shown

SECONDS = 120
"""How long a server may take to start."""


@pytest.fixture(autouse=True)
def no_mlflow_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests go to their own MLflow only."""
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def searches() -> Searches:
    """Made-up searches."""
    return Searches()


@pytest.fixture
def name() -> str:
    """A search id that no other test uses: they share a server."""
    return f"search-{uuid4().hex[:8]}"


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database with all its tables: making one takes seconds, copying it none."""
    os.environ.update(by_name(QUIET))
    from mlflow import MlflowClient

    file = tmp_path_factory.mktemp("empty") / "mlflow.db"
    MlflowClient(f"sqlite:///{file}").search_experiments()
    return file


@pytest.fixture
def sqlite_uri(empty_database: Path, tmp_path: Path) -> str:
    """The address of a fresh SQLite file."""
    shutil.copy(empty_database, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path}/mlflow.db"


@pytest.fixture(scope="session")
def server_uri(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an MLflow server that runs as long as the tests."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(empty_database, folder / "mlflow.db")
    port = find_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--workers", "1"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    yield from serve(command, f"http://127.0.0.1:{port}", folder)


@pytest.fixture(params=["sqlite", "server"])
def uri(request: pytest.FixtureRequest) -> str:
    """The address of an MLflow, of either kind."""
    return str(request.getfixturevalue(f"{request.param}_uri"))


@pytest.fixture
def shown(name: str) -> Callable[[str], Shown]:
    """What the MLflow at an address shows of this test's search."""
    return lambda uri: Shown(uri, name)


def find_port() -> int:
    """A port that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def serve(
    command: list[str], uri: str, folder: Path, environment: Mapping[str, str] = os.environ
) -> Iterator[str]:
    """Run a server with everything that it starts; its address once it answers."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=dict(environment) | by_name(QUIET) | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for(f"{uri}/health", process, folder / "log")
        yield uri
    finally:
        # The group of the process that was started here, which is all in it.
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Return once `url` answers; raise with the log if it does not."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(log.read_text())
