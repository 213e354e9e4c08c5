import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nasflow.base import settings
from nasflow.base.errors import TrackingUnavailable
from nasflow.tracking import connection, publish

if TYPE_CHECKING:
    from .conftest import FirstPublish
    from .searches import Searches

SECONDS = 15
"""Far below the minutes of MLflow's own retries, with room for a busy machine: the timeout is five."""


@pytest.fixture
def mute_uri() -> Iterator[str]:
    """The address of a server that takes connections and never answers, with credentials in it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://user:hunter2@127.0.0.1:{listener.getsockname()[1]}"


def refusal(uri: str, searches: "Searches") -> str:
    """The message of a publish that cannot work."""
    import mlflow.tracking  # noqa: F401

    start = time.monotonic()
    with pytest.raises(TrackingUnavailable) as caught:
        publish(uri, searches.running("demo"), {})
    assert time.monotonic() - start < SECONDS
    message = str(caught.value)
    assert "\n" not in message
    assert "`nasflow sync demo`" in message
    return message


@pytest.mark.parametrize(
    "address",
    [
        "http://user:hunter2@127.0.0.1:9",
        "http://user:hunter2@no-such-host.invalid:5000",
        "mysql+no_such_driver://user:hunter2@127.0.0.1:9/mlflow",
    ],
)
def test_unreachable(address: str, searches: "Searches") -> None:
    """Where nobody listens, the refusal is quick, one line, and without the password."""
    message = refusal(address, searches)
    assert "***@" in message
    assert "hunter2" not in message


def test_mute_server(mute_uri: str, searches: "Searches", monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that never answers is given up after the seconds of a first contact, here one instead of 5."""
    assert connection.FIRST_CONTACT[settings.TRACKING_TIMEOUT] == "5"
    monkeypatch.setitem(connection.FIRST_CONTACT, settings.TRACKING_TIMEOUT, "1")
    assert "hunter2" not in refusal(mute_uri, searches)


def test_password_of_the_environment_is_masked(searches: "Searches", monkeypatch: pytest.MonkeyPatch) -> None:
    """A password from the environment is in no message, wherever the error puts it."""
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "hunter2")
    assert "hunter2" not in refusal("http://127.0.0.1:9/hunter2", searches)


def test_not_a_database(tmp_path: Path, searches: "Searches") -> None:
    """A file that is no database is named at once, without MLflow's many retries."""
    (tmp_path / "mlflow.db").write_bytes(b"not a database" * 100)
    assert "not a database" in refusal(f"sqlite:///{tmp_path}/mlflow.db", searches)


def test_folder_that_cannot_be_made(tmp_path: Path, searches: "Searches") -> None:
    """A database below a file is refused with the address."""
    (tmp_path / "file").touch()
    assert str(tmp_path) in refusal(f"sqlite:///{tmp_path}/file/mlflow.db", searches)


def test_server_that_is_no_mlflow(searches: "Searches") -> None:
    """Something else that answers HTTP is refused too."""
    import http.server
    import threading

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        refusal(f"http://127.0.0.1:{server.server_port}", searches)
    finally:
        server.shutdown()
        server.server_close()


def test_environment_and_logging_are_restored(sqlite_uri: str, searches: "Searches") -> None:
    """What is set around a call, and only around it, leaves no trace."""
    import logging

    before = dict(os.environ), logging.getLogger("mlflow").level
    publish(sqlite_uri, searches.running("demo"), {})
    assert (dict(os.environ), logging.getLogger("mlflow").level) == before


def test_quiet_from_the_first_call(first_publish: "FirstPublish") -> None:
    """A first publish, which creates the database, prints nothing."""
    done = first_publish.done
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert first_publish.database.exists()
