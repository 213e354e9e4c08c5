"""Real S3 servers for the tests: processes with a bucket, told as the AWS environment that leads to them."""

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

BUCKET = "nasflow-tests"
READY_WITHIN = 60
"""Seconds; it takes four on an idle machine."""


@contextmanager
def seaweedfs(folder: Path) -> Iterator[Mapping[str, str]]:
    """SeaweedFS, with its state and its log in `folder`."""
    with killable_seaweedfs(folder) as (environment, _):
        yield environment


@contextmanager
def killable_seaweedfs(folder: Path) -> Iterator[tuple[Mapping[str, str], Callable[[float], None]]]:
    """The same, with what kills it (SIGKILL) and starts it again, at its address, after so many seconds."""
    s3_port, *others = _free_ports(8)
    environment = _environment(s3_port)
    command, log = _command(folder, s3_port, others, environment), folder / "log"
    with ExitStack() as running:

        def start() -> None:
            _wait_until_ready(running.enter_context(_running(command, log)), environment, log)

        def kill(seconds: float) -> None:
            running.close()
            time.sleep(seconds)
            start()

        start()
        yield environment, kill
    _remove_sockets(s3_port, others)


@contextmanager
def moto(folder: Path) -> Iterator[Mapping[str, str]]:
    """moto's server: another make, in Python, whose state is in its memory; its log in `folder`."""
    (port,) = _free_ports(1)
    environment = _environment(port)
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _running(command, folder / "log") as server:
        _wait_until_ready(server, environment, folder / "log")
        yield environment


def new_store(environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty store on a server, whose environment is set from now on."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return f"s3://{BUCKET}/{uuid4().hex}"


def _environment(port: int) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL_S3": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "nasflow-tests",
        "AWS_SECRET_ACCESS_KEY": uuid4().hex,
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on: all are held until the last is found, so they differ."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _command(folder: Path, s3_port: int, others: list[int], environment: Mapping[str, str]) -> list[str]:
    """`weed server` with each of its services on a port of its own and nothing told to its makers."""
    config = folder / "s3.json"
    config.write_text(json.dumps(_identities(environment)))
    (folder / "data").mkdir()
    services = ("s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc")
    ports = zip((*services, "filer.port", "filer.port.grpc"), others, strict=True)
    return [
        *(_weed(), "server", f"-dir={folder / 'data'}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
        *("-s3", f"-s3.port={s3_port}", f"-s3.config={config}", "-s3.autoCreateBucket=false"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false"),
        *(f"-{name}={port}" for name, port in ports),
        *(f"-{name}.localSocket={path}" for name, path in _sockets(s3_port).items()),
    ]


def _sockets(port: int) -> dict[str, Path]:
    """By service; not in the folder of the server: a socket's path has 107 characters at most."""
    return {name: Path(tempfile.gettempdir(), f"weed-{name}-{port}.sock") for name in ("s3", "filer")}


def _weed() -> str:
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        pytest.fail(
            "no command `weed`: install the development dependencies, pip install -e '.[dev]'", pytrace=False
        )
    return found


def _identities(environment: Mapping[str, str]) -> dict[str, object]:
    key = {"accessKey": environment["AWS_ACCESS_KEY_ID"], "secretKey": environment["AWS_SECRET_ACCESS_KEY"]}
    return {"identities": [{"name": "tests", "credentials": [key], "actions": ["Admin"]}]}


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The process of `command`, which is ended, and nothing else, at the end."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        # Not terminate(): weed takes ten seconds to end in order, and nobody wants its data.
        process.kill()
        process.wait()


def _remove_sockets(s3_port: int, others: list[int]) -> None:
    """weed leaves all of them; those of gRPC are outside its own folder without an option."""
    for left in _sockets(s3_port).values():
        left.unlink(missing_ok=True)
    for port in others:
        for left in Path("/tmp").glob(f"seaweedfs-*-grpc-{port}.sock"):
            left.unlink(missing_ok=True)


def _wait_until_ready(server: subprocess.Popen[bytes], environment: Mapping[str, str], log: Path) -> None:
    """Until the bucket takes an object, which is later than the port takes a connection."""
    client = boto3.client(
        "s3",
        endpoint_url=environment["AWS_ENDPOINT_URL_S3"],
        aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
        region_name=environment["AWS_DEFAULT_REGION"],
        config=Config(retries={"total_max_attempts": 1}),
    )
    deadline = time.monotonic() + READY_WITHIN
    while server.poll() is None and time.monotonic() < deadline:
        try:
            # After a kill it is there.
            with suppress(client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists):
                client.create_bucket(Bucket=BUCKET)
            client.put_object(Bucket=BUCKET, Key="ready", Body=b"")
        except (BotoCoreError, ClientError):
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the S3 server did not start, {log} ends:\n{log.read_text()[-2000:]}", pytrace=False)
