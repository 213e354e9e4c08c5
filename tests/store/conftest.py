"""The stores that the contract is tried on, and the faults they are tried with."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from tests.faults.proxy import Proxy, Script, proxied
from tests.servers import moto, new_store

from nasflow.store import Store, open_store

PROGRAMS = Path(__file__).with_name("programs")


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The AWS environment in which `open_store` finds another make of server."""
    with moto(tmp_path_factory.mktemp("moto")) as environment:
        yield environment


@pytest.fixture
def moto_url(moto_server: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty store on it; its AWS environment is set."""
    return new_store(moto_server, monkeypatch)


@pytest.fixture(params=["directory", "s3", pytest.param("moto", marks=pytest.mark.long)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store of each kind."""
    if request.param == "directory":
        return str(tmp_path / "store")
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def store(url: str) -> Store:
    """An empty store of each kind."""
    return open_store(url)


@pytest.fixture
def proxy(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The environment leads through this proxy."""
    with proxied(os.environ["AWS_ENDPOINT_URL_S3"], Script()) as between:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", between.url)
        yield between


@pytest.fixture
def script(proxy: Proxy) -> Script:
    """The faults of the next requests, which go through a proxy."""
    proxy.plan = Script()
    return proxy.plan


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a program of `programs/` with arguments, as another pod would; killed if it outlives the test."""
    started: list[subprocess.Popen[str]] = []

    def run(program: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(PROGRAMS / program), *arguments]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small file system takes root and the right to mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
