"""How long a server is waited for, and what people hear of it."""

import time

import pytest
from tests.faults.proxy import Proxy
from tests.store.refusals import every_call, refused

from nasflow.base.errors import InvalidSpec, StoreUnavailable
from nasflow.store import open_store
from nasflow.store.s3_contact import Patience, patience_of


def test_a_server_that_comes_back(
    s3_url: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every call of a store that has answered once outlives an absence; one line says that it waits."""
    monkeypatch.setenv("NASFLOW_STORE_PATIENCE", "60")
    store = open_store(s3_url)
    store.create("key", b"1")
    back = proxy.leave_for(2.5)
    for call in every_call(store):
        call()
    back.join()
    (line,) = capsys.readouterr().err.splitlines()
    assert line == (
        f"nasflow: warning: store {s3_url} at {proxy.url}: EndpointConnectionError: "
        "it is waited for, 60 seconds at most"
    )


def test_a_server_that_stays_away(s3_url: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience ends when it was said to, with one line: how long it was, and that nothing is lost."""
    monkeypatch.setenv("NASFLOW_STORE_PATIENCE", "1")
    store = open_store(s3_url)
    store.create("key", b"1")
    proxy.leave()
    began = time.monotonic()
    message = refused(lambda: store.read("key"), StoreUnavailable)
    assert 1 <= time.monotonic() - began < 3
    assert (
        "EndpointConnectionError, for 1 seconds (NASFLOW_STORE_PATIENCE): check AWS_ENDPOINT_URL_S3"
        in message
    )
    assert message.endswith("what is stored is kept, the same command goes on")


def test_a_server_that_never_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds at first and minutes later, but for a process whose caller has had answers."""
    monkeypatch.delenv("NASFLOW_STORE_PATIENCE", raising=False)
    assert patience_of(proven=False) == Patience(unseen=15, seen=300)
    assert patience_of(proven=True) == Patience(unseen=300, seen=300)
    monkeypatch.setenv("NASFLOW_STORE_PATIENCE", "4")
    assert patience_of(proven=False) == Patience(unseen=4, seen=4)


def test_a_patience_that_is_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Words are refused with the variable's name."""
    monkeypatch.setenv("NASFLOW_STORE_PATIENCE", "5 minutes")
    with pytest.raises(InvalidSpec, match="NASFLOW_STORE_PATIENCE is '5 minutes'"):
        open_store("s3://bucket")
