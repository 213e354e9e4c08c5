"""Secrets stay where they were: a small search with some in its environment, and all that it leaves."""

import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.cli.calling import call, write_config
from tests.steps.samples import config, open_archive

from nasflow.steps.begin import begin
from nasflow.steps.records import write_failure

SECRETS = [f"quince/{number}-marmalade" for number in range(9)]
"""With a slash, as base64 has them: not encoded, it breaks what takes an address apart."""

ENVIRONMENT = {
    "AWS_SECRET_ACCESS_KEY": SECRETS[0],
    "AWS_SESSION_TOKEN": SECRETS[1],
    "NASFLOW_KFP_TOKEN": SECRETS[2],
    "MLFLOW_TRACKING_PASSWORD": SECRETS[3],
    "SOMEBODYS_API_KEY": SECRETS[4],
    "NASFLOW_MLFLOW_UI": f"https://me:{SECRETS[5]}@ml.example/?access_token={SECRETS[6]}",
    "NASFLOW_KFP_HOST": f"http://me:{SECRETS[7]}@127.0.0.1:9/?X-Amz-Signature={SECRETS[8]}",
}
AWAY = f"http://me:{SECRETS[5]}@127.0.0.1:9/?token={SECRETS[6]}&sig={quote(SECRETS[7], safe='')}"
"""An MLflow where nobody answers."""


@pytest.fixture(autouse=True)
def _planted(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


def assert_none_in(texts: Iterable[tuple[str, bytes]]) -> None:
    """No secret is in any of these, as it is or as an address has it."""
    known = {form for secret in SECRETS for form in (secret, quote(secret, safe=""))}
    pattern = re.compile("|".join(map(re.escape, known)).encode())
    assert {where: found.group() for where, text in texts if (found := pattern.search(text))} == {}


def files_below(folder: Path) -> Iterable[tuple[str, bytes]]:
    """All that is written there, databases included."""
    yield from ((str(file), file.read_bytes()) for file in folder.rglob("*") if file.is_file())


@pytest.mark.slow
def test_what_a_search_leaves(tmp_path: Path) -> None:
    """No secret is in the store, in MLflow's database and artifacts, in the report or on the terminal."""
    said = call("search", write_config(tmp_path), "--store", tmp_path / "store")
    assert said.code == 0, said.err
    files = dict(files_below(tmp_path))
    assert any(name.endswith("mlflow.db") for name in files)
    assert any(name.endswith("report.html") for name in files)
    assert_none_in([*files.items(), ("out", said.out.encode()), ("err", said.err.encode())])


@pytest.mark.parametrize(
    "command",
    [
        ("sync", "tiny"),
        ("doctor",),
        ("doctor", "--json"),
        ("ui",),
        ("list", "--store", f"s3://key:{SECRETS[0]}@bucket"),
        ("list", "--store", f"s3://bucket/key:{SECRETS[0]}@x"),
        ("list", "--store", f"s3://bucket/x?X-Amz-Signature={SECRETS[0]}"),
        ("list", "--store", f"https://me:{SECRETS[0]}@host/x?password={SECRETS[1]}"),
        ("show", f"https://me:{SECRETS[0]}@host"),
        ("search", f"https://host/search.yaml?token={SECRETS[0]}"),
        ("cell", f"https://me:{SECRETS[0]}@host/?secret={SECRETS[1]}"),
        (
            "transfer",
            "start",
            "--host",
            f"'https://me:{SECRETS[0]}@h'",
            "--dataset",
            "digits",
            "--recipe",
            "{}",
        ),
    ],
    ids=lambda command: " ".join(command)[:30],
)
def test_what_commands_say(command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong with an address, what is said of it has no secret."""
    begin(open_archive(tmp_path), config())
    monkeypatch.setenv("NASFLOW_STORE", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", AWAY)
    said = call(*command)
    assert said.out + said.err
    assert_none_in([("out", said.out.encode()), ("err", said.err.encode())])


def test_how_a_child_failed(tmp_path: Path) -> None:
    """A reason that quotes an address is recorded, and so shown everywhere, without its secret."""
    archive = open_archive(tmp_path)
    begin(archive, config())
    child = archive.store.list("children")[0].split("/")[1]
    write_failure(archive, child, f"no data at https://me:{SECRETS[0]}@host/x?sig={SECRETS[1]}:\nforbidden")
    assert_none_in(files_below(tmp_path))
    assert b"https://***@host/x?sig=*** forbidden" in archive.store.read(f"children/{child}/record.json")
