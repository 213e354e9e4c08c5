"""What S3 adds to the contract: lost replies, conflicts, and names that others would not take."""

import boto3
import pytest
from tests.faults.proxy import Fault, Script, proxied

from nasflow.base.errors import InvalidSpec
from nasflow.base.settings import S3_ENDPOINT
from nasflow.store import check_writable, open_store


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.TWICE, Fault.TORN], ids=str)
def test_a_lost_reply_does_not_lose_the_win(s3_url: str, script: Script, fault: Fault) -> None:
    """A put that was done, but whose reply was lost or is that of its repetition, is reported as done."""
    store = open_store(s3_url)
    script.faults.append(fault)
    assert store.create("key", b"1")
    _, first = store.read_versioned("key")
    script.faults.append(fault)
    second = store.replace("key", b"2", first)
    assert store.read_versioned("key") == (b"2", second)
    assert script.faults == []


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.TWICE, Fault.TORN], ids=str)
def test_a_lost_reply_does_not_steal_a_win(s3_url: str, script: Script, fault: Fault) -> None:
    """A put that lost, and whose reply was lost too, stays lost, even with the winner's own bytes."""
    store = open_store(s3_url)
    store.create("key", b"1")
    script.faults.append(fault)
    assert not store.create("key", b"1")
    script.faults.append(fault)
    assert store.replace("key", b"1", '"an older version"') is None
    assert script.faults == []


def test_a_conflict_is_tried_again(s3_url: str, script: Script) -> None:
    """409 says that another write is under way, and the next try says who won."""
    store = open_store(s3_url)
    script.faults.extend([Fault.CONFLICT, Fault.CONFLICT])
    assert store.create("key", b"1")
    script.faults.append(Fault.CONFLICT)
    assert not store.create("key", b"2")
    _, version = store.read_versioned("key")
    script.faults.append(Fault.CONFLICT)
    assert store.replace("key", b"2", version)
    assert script.faults == []


@pytest.mark.parametrize(
    "refusal", [b"501 NotImplemented", b"403 SignatureDoesNotMatch", b"400 InvalidArgument"]
)
def test_a_server_that_refuses_checksums(
    s3_url: str, monkeypatch: pytest.MonkeyPatch, refusal: bytes
) -> None:
    """No checksum is sent, so a server that knows none of their headers is as good as another."""
    with proxied(S3_ENDPOINT.get() or "", Script(), refusal) as proxy:
        monkeypatch.setenv(S3_ENDPOINT.name, proxy.url)
        store = open_store(s3_url)
        check_writable(store)
        assert store.create("key", bytes(100_000))
        assert store.read("key") == bytes(100_000)


@pytest.mark.parametrize(
    "folder", ["with spaces/größe/東京", "a+b=c&d/100%/50%25", ".hidden/what?#;/'\"*[x]~|<{^}>`"]
)
def test_a_prefix_may_be_any_text(s3_url: str, folder: str) -> None:
    """Whatever S3 takes as a name is a store's place, found again by its URL and apart from others."""
    store = open_store(f"{s3_url}/{folder}")
    check_writable(store)
    assert store.create("a/b", b"1")
    assert store.list("") == ["a/b"]
    assert open_store(store.url).read("a/b") == b"1"
    assert folder + "/a/b" in boto3_names(s3_url)


def boto3_names(url: str) -> list[str]:
    """The names of all objects below, as they stand in the bucket."""
    bucket, _, folder = url.removeprefix("s3://").partition("/")
    reply = boto3.session.Session().client("s3").list_objects_v2(Bucket=bucket, Prefix=folder)
    return [item["Key"].removeprefix(folder + "/") for item in reply["Contents"]]


@pytest.mark.parametrize("folder", ["a//b", "a/../b", "./a", "a\nb", "a\x00b", "a\\b", "ä" * 256])
def test_a_prefix_that_leads_elsewhere_is_refused(folder: str) -> None:
    """What servers and clients read in different ways is refused with one line."""
    with pytest.raises(InvalidSpec, match="single slashes") as caught:
        open_store(f"s3://bucket/{folder}")
    assert "\n" not in str(caught.value)


def test_stores_in_one_bucket_do_not_meet(s3_url: str) -> None:
    """A prefix that continues another is another store."""
    open_store(s3_url + "/a").create("key", b"1")
    open_store(s3_url + "/ab").create("other", b"2")
    assert open_store(s3_url + "/a").list("") == ["key"]
    assert open_store(s3_url + "/ab").list("") == ["other"]
