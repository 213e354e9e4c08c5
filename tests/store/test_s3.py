"""What S3 adds to the contract: lost replies, conflicts, and a server that refuses."""

import os
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest

from nasflow.base.errors import StoreError
from nasflow.store import Store, check_writable, open_store

CONFLICT = b"<Error><Code>ConditionalRequestConflict</Code></Error>"
Faults = list[str]


class FaultyProxy(BaseHTTPRequestHandler):
    """Hands requests on to the real server; a PUT first takes a fault from the server's list, if any is left.

    "lost": the put is done and its reply is not given; "conflict": it is not done, and answered 409.
    """

    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        """Hand on, with a fault."""
        faults: Faults = self.server.faults  # type: ignore[attr-defined]
        fault = faults.pop(0) if faults else ""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if fault == "conflict":
            self._answer(409, {"Content-Type": "application/xml"}, CONFLICT)
            return
        answer = self._forward(body)
        if fault == "lost":
            self.close_connection = True
        else:
            self._answer(*answer)

    def do_GET(self) -> None:
        """Hand on."""
        self._answer(*self._forward(None))

    def do_HEAD(self) -> None:
        """Hand on."""
        self._answer(*self._forward(None))

    def _forward(self, body: bytes | None) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection(urlsplit(os.environ["REAL_ENDPOINT"]).netloc)
        headers = {name: value for name, value in self.headers.items() if name != "Expect"}
        connection.request(self.command, self.path, body, headers)
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def faults(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    """The faults of the next puts; the environment leads through a proxy that has them."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), FaultyProxy)
    server.faults = []  # type: ignore[attr-defined]
    monkeypatch.setenv("REAL_ENDPOINT", os.environ["AWS_ENDPOINT_URL_S3"])
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{server.server_port}")
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server.faults  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


def refused(call: Callable[[], object]) -> str:
    """The line with which `call` fails."""
    with pytest.raises(StoreError) as caught:
        call()
    message = str(caught.value)
    assert "\n" not in message
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in message
    return message


def every_call(store: Store) -> list[Callable[[], object]]:
    """One call of each kind that a server can refuse."""
    return [
        lambda: store.create("key", b"1"),
        lambda: store.replace("key", b"1", '"0"'),
        lambda: store.read("key"),
        lambda: store.list(""),
    ]


def test_a_lost_reply_does_not_lose_the_win(s3_url: str, faults: Faults) -> None:
    """A put that was done, but whose reply was lost, is reported as done when botocore asks again."""
    store = open_store(s3_url)
    faults.append("lost")
    assert store.create("key", b"1")
    faults.append("lost")
    version = store.replace("key", b"2", store.read_versioned("key")[1])
    assert store.read_versioned("key") == (b"2", version)
    assert faults == []


def test_a_lost_reply_does_not_steal_a_win(s3_url: str, faults: Faults) -> None:
    """A put that lost, and whose reply was lost too, stays lost, even with the winner's own bytes."""
    store = open_store(s3_url)
    store.create("key", b"1")
    faults.append("lost")
    assert not store.create("key", b"1")
    faults.append("lost")
    assert store.replace("key", b"1", '"an older version"') is None
    assert faults == []


def test_a_conflict_is_tried_again(s3_url: str, faults: Faults) -> None:
    """409 says that another write is under way, and the next try says who won."""
    store = open_store(s3_url)
    faults.extend(["conflict", "conflict"])
    assert store.create("key", b"1")
    faults.append("conflict")
    assert not store.create("key", b"2")
    faults.append("conflict")
    assert store.replace("key", b"2", store.read_versioned("key")[1])
    assert faults == []


def test_an_unreachable_server_is_explained(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listening: the address without what was pasted into it, and the variable to look at."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://me:hunter2@127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    store = open_store(s3_url)
    for call in [*every_call(store), lambda: store.exists("key"), lambda: check_writable(store)]:
        message = refused(call)
        assert f"store {s3_url} at http://127.0.0.1:9: EndpointConnectionError" in message
        assert "check AWS_ENDPOINT_URL_S3" in message
        assert "hunter2" not in message


@pytest.mark.parametrize("variable", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_wrong_credentials_are_explained(s3_url: str, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """A wrong id or secret is refused with the variables to look at."""
    monkeypatch.setenv(variable, "wrong-credential")
    store = open_store(s3_url)
    for call in [*every_call(store), lambda: store.exists("key"), lambda: store.delete("key")]:
        message = refused(call)
        assert "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY" in message
        assert "wrong-credential" not in message


def test_no_credentials_are_explained(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials the line says which variables to set."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", "/nonexistent")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(
        StoreError, match="NoCredentialsError: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    ):
        open_store(s3_url).read("key")


def test_a_missing_bucket_is_explained(s3_url: str) -> None:
    """A bucket that is not there is no missing key: the line says to create it."""
    store = open_store("s3://no-such-bucket/x")
    for call in [lambda: store.create("key", b"1"), lambda: store.read("key"), lambda: store.list("")]:
        assert "NoSuchBucket: create the bucket, or correct its name" in refused(call)


def test_stores_in_one_bucket_do_not_meet(s3_url: str) -> None:
    """A prefix that continues another is another store."""
    open_store(s3_url + "/a").create("key", b"1")
    open_store(s3_url + "/ab").create("other", b"2")
    assert open_store(s3_url + "/a").list("") == ["key"]
    assert open_store(s3_url + "/ab").list("") == ["other"]
