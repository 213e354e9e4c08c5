"""From text to store."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nasflow.base.errors import InvalidSpec, NotFound, StoreError
from nasflow.store import open_existing_store, open_store


def test_paths_and_file_urls_are_the_same_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path, an absolute one and a file URL open one folder, named by its absolute path."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "a store"
    for url in ("a store", "./x/../a store", str(folder), folder.as_uri(), f"file://localhost{folder}"):
        assert open_store(url).url == str(folder)


def test_opening_writes_nothing(tmp_path: Path) -> None:
    """A mistyped path makes no folder."""
    assert open_store(str(tmp_path / "typo")).list("") == []
    assert list(tmp_path.iterdir()) == []


def test_an_s3_url_names_bucket_and_prefix() -> None:
    """Slashes at the end do not make another store."""
    assert open_store("s3://bucket/a/b/").url == "s3://bucket/a/b"
    assert open_store("s3://bucket").url == open_store("s3://bucket/").url == "s3://bucket"


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "gs://bucket/x",
        "http://host/x",
        "file://host/x",
        "file://",
        "s3://",
        "s3:///x",
        "s3://b/../c",
        "s3:/bucket",
        "s3:bucket",
        "file:/folder",
        "~nobody-has-this-name/store",
        "a\nb",
        "a\x1b[2Jb",
        os.fsdecode(b"store-\xff"),
        "s3://bucket/\x1b[2J",
    ],
)
def test_an_unusable_url_is_refused(url: str) -> None:
    """What is no store is refused with one line."""
    with pytest.raises(InvalidSpec) as caught:
        open_store(url)
    assert str(caught.value).isprintable()


def test_one_slash_is_not_two() -> None:
    """A bucket or URL with a slash too few is not taken for a folder of that name."""
    with pytest.raises(InvalidSpec, match=r"two slashes come after s3:, as in s3://bucket/prefix"):
        open_store("s3:/bucket")
    assert open_store("S3://bucket/a").url == "s3://bucket/a"


def test_a_store_that_must_be_there(tmp_path: Path) -> None:
    """Who only reads does not take a mistyped folder for an empty store."""
    assert open_existing_store(str(tmp_path)).url == str(tmp_path)
    with pytest.raises(NotFound, match=r"typo: there is no such folder: --store or NASFLOW_STORE says"):
        open_existing_store(str(tmp_path / "typo"))


@pytest.mark.parametrize(
    "url",
    [
        "s3://AKIA:hunter2@bucket/x",
        "s3://bucket/AKIA:hunter2@x",
        "s3:/AKIA:hunter2@bucket",
        "s3://bucket/x?X-Amz-Signature=hunter2",
        "https://me:hunter2@host/x",
    ],
)
def test_a_secret_in_a_url_is_not_repeated(url: str) -> None:
    """Credentials pasted into the URL are refused and not shown."""
    with pytest.raises(InvalidSpec) as caught:
        open_store(url)
    assert "hunter2" not in str(caught.value)


def test_a_broken_aws_environment_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint that is no URL, or a missing profile, is a StoreError with the variable's name."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "not a url")
    with pytest.raises(StoreError, match="AWS_ENDPOINT_URL_S3"):
        open_store("s3://bucket")
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(StoreError, match="AWS_PROFILE"):
        open_store("s3://bucket")


def test_a_directory_needs_no_boto3() -> None:
    """boto3 is imported when S3 is asked for, not before."""
    program = "import sys, nasflow.store; nasflow.store.open_store('x'); sys.exit('boto3' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
