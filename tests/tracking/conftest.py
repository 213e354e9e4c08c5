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
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from nasflow.base.settings import by_name
from nasflow.tracking import ui_command, ui_environment
from nasflow.tracking.connection import QUIET

from .searches import Searches
from .shown import Shown

SECONDS = 120
"""How long a server may take to start."""

FIRST_PUBLISH = """
import sys; from nasflow.search.ledger import Ledger; from nasflow.tracking import publish
assert 'mlflow' not in sys.modules
publish(sys.argv[1], Ledger.model_validate_json(open(sys.argv[2]).read()), {})
"""


@pytest.fixture(scope="session")
def shared_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all tests."""
    return tmp_path_factory.mktemp("tracking")


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


@dataclass(frozen=True)
class FirstPublish:
    """What the first publish of a fresh process has left."""

    database: Path
    """With all its tables, which take seconds to make, and one search."""
    done: "subprocess.CompletedProcess[str]"


@pytest.fixture(scope="session")
def first_publish(shared_path: Path) -> FirstPublish:
    """A publish by a process of its own, where no database is yet."""
    ledger, database = shared_path / "ledger.json", shared_path / "new" / "mlflow.db"
    ledger.write_text(Searches().running("first").model_dump_json())
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PUBLISH, f"sqlite:///{database}", str(ledger)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return FirstPublish(database, done)


@pytest.fixture
def sqlite_uri(first_publish: FirstPublish, tmp_path: Path) -> str:
    """The address of a SQLite file of this test's own."""
    shutil.copy(first_publish.database, tmp_path / "mlflow.db")
    return f"sqlite:///{tmp_path}/mlflow.db"


@pytest.fixture(scope="session")
def server_uri(first_publish: FirstPublish, shared_path: Path) -> Iterator[str]:
    """The address of an MLflow server that runs as long as the tests: the pages of `nasflow ui`.

    Unlike those, it takes artifacts itself, as a server elsewhere does.
    """
    folder, port = shared_path / "server", find_port()
    folder.mkdir()
    shutil.copy(first_publish.database, folder / "mlflow.db")
    database = f"sqlite:///{folder}/mlflow.db"
    command = ui_command(database, "127.0.0.1", port)
    assert command
    command += ["--default-artifact-root", "mlflow-artifacts:/"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    yield from serve(command, f"http://127.0.0.1:{port}", folder, ui_environment(database))


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
