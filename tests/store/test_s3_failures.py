"""What a server refuses is said at once; what breaks on the way is tried again."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.faults.proxy import Fault, Proxy, Script
from tests.store.refusals import every_call, refused

from nasflow.base.errors import StoreError, StoreUnavailable
from nasflow.store import Store, check_writable, open_store

PASSING = [
    # Until a server is back takes seconds: tests/store/test_s3_contact.py waits for one too.
    pytest.param(fault, marks=[pytest.mark.long] if fault is Fault.AWAY else [])
    for fault in Fault
    if fault is not Fault.NONE
]


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: fault.name)
def test_what_breaks_is_tried_again(s3_url: str, script: Script, fault: Fault) -> None:
    """Each call outlives each fault, twice in a row, and returns what it returns without."""
    store = open_store(s3_url)
    calls: list[tuple[Callable[[], object], object]] = [
        (lambda: store.create("key", bytes(50_000)), True),
        (lambda: store.read("key"), bytes(50_000)),
        (lambda: store.list(""), ["key"]),
        (lambda: store.exists("key"), True),
        (lambda: store.create("key", b"other"), False),
        (lambda: store.replace("key", b"other", '"stale"'), None),
        (lambda: store.delete("key"), None),
        (lambda: store.exists("key"), False),
    ]
    for call, result in calls:
        script.faults.extend([fault, fault])
        assert call() == result
        script.faults.clear()


def test_a_head_may_break_off_anywhere(s3_url: str, script: Script, proxy: Proxy) -> None:
    """In the middle of a date too, which botocore takes for a date that it cannot read."""
    store = open_store(s3_url)
    store.create("key", b"some bytes")
    for share in range(2, 100, 2):
        proxy.share = itertools.repeat(share / 100).__next__
        script.faults.extend([Fault.BEHEADED, Fault.NONE, Fault.BEHEADED])
        assert (store.read("key"), store.exists("key")) == (b"some bytes", True)
        script.faults.clear()


@pytest.mark.parametrize("fault", [Fault.BROKEN_ERROR, Fault.TORN, Fault.RESET, Fault.GARBLED_ERROR])
def test_a_body_that_always_breaks_is_one_line(
    s3_url: str, script: Script, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    """After the patience that was asked for, one line: never a traceback of a library's."""
    monkeypatch.setenv("NASFLOW_STORE_PATIENCE", "0")
    store = open_store(s3_url)
    store.create("key", b"some bytes")
    for call in (lambda: store.read("key"), lambda: store.list("")):
        script.faults.append(fault)
        assert "for 0 seconds (NASFLOW_STORE_PATIENCE)" in refused(call, StoreUnavailable)


def test_an_unreachable_server_is_explained(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listening: the address without what was pasted into it, and the variable to look at."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://me:hunter2@127.0.0.1:9")
    monkeypatch.setenv("NASFLOW_STORE_PATIENCE", "0")
    store = open_store(s3_url)
    for call in [*every_call(store), lambda: check_writable(store)]:
        message = refused(call, StoreUnavailable)
        assert f"store {s3_url} at http://127.0.0.1:9: EndpointConnectionError" in message
        assert "check AWS_ENDPOINT_URL_S3" in message
        assert "hunter2" not in message


@pytest.mark.parametrize("variable", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_wrong_credentials_are_explained(s3_url: str, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """A wrong id or secret is refused with the variables to look at."""
    monkeypatch.setenv(variable, "wrong-credential")
    store = open_store(s3_url)
    for call in every_call(store):
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


class _Answering(BaseHTTPRequestHandler):
    """A server that is no S3: each answer is the same."""

    protocol_version = "HTTP/1.1"
    status, location, body = 200, "", b""

    def do_GET(self) -> None:
        """Whatever is asked."""
        self.send_response(self.status)
        if self.location:
            self.send_header("Location", self.location)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    do_HEAD = do_PUT = do_GET  # noqa: N815

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


@pytest.fixture
def answering(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Store]]:
    """Makes the store that has nothing but one answer."""
    with ExitStack() as running:

        def answer(**what: object) -> Store:
            server = ThreadingHTTPServer(("127.0.0.1", 0), type("Answering", (_Answering,), what))
            running.callback(server.server_close)
            running.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{server.server_port}")
            return open_store(s3_url)

        yield answer


@pytest.mark.parametrize("status", [302, 307])
def test_who_is_sent_elsewhere_for_ever(status: int, answering: Callable[..., Store]) -> None:
    """By a login page, or a server that wants https: botocore goes there again and again."""
    store = answering(status=status, location="https://login.example.com/")
    assert "sent elsewhere again and again: check AWS_ENDPOINT_URL_S3" in refused(lambda: store.list(""))


def test_a_list_without_an_end(answering: Callable[..., Store]) -> None:
    """The same page, which says that another one follows."""
    page = (
        b"<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>key</Key></Contents>"
        b"<NextContinuationToken>again</NextContinuationToken></ListBucketResult>"
    )
    assert "the same page of names again" in refused(lambda: answering(body=page).list(""))
