"""kfp's client against answers as a real 2.17 gave them: errors, equal times, lost workflows."""

from collections.abc import Iterator

import pytest
from tests.kubeflow.server import Server, serving

from nasflow.base.errors import KubeflowUnavailable
from nasflow.kubeflow import RunState
from nasflow.kubeflow.client import KfpClient, connect

GONE = f'Failed to terminate run: {"InternalServerError: " * 20}workflows.argoproj.io "w-1" not found'
"""As long as the server's own, whose cause comes last."""


@pytest.fixture
def server() -> Iterator[Server]:
    """One without runs."""
    with serving() as server:
        yield server


@pytest.fixture
def kubeflow(server: Server, monkeypatch: pytest.MonkeyPatch) -> KfpClient:
    """The client that talks to it."""
    for name in ("NASFLOW_KFP_TOKEN", "NASFLOW_KFP_AUTH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NASFLOW_KFP_HOST", f"http://127.0.0.1:{server.server_port}")
    return connect("kubeflow")


def test_of_one_second(server: Server, kubeflow: KfpClient) -> None:
    """Of several runs that are as new, whoever asks finds the same one; an older one is not found."""
    server.add("a", "2026-11-29T10:00:00Z")
    for order in (["c", "b"], ["b", "c"]):
        for id in order:
            server.runs.pop(id, None)
            server.add(id, "2026-11-29T10:00:01Z")
        found = kubeflow.find("r")
        assert found
        assert found.id == "b"


def test_a_run_is_ended(server: Server, kubeflow: KfpClient) -> None:
    """It is stopping then, and stays so when it is asked again, which a server refuses; nothing is wrong."""
    server.add("a", "2026-11-29T10:00:00Z")
    for _ in range(2):
        kubeflow.terminate("a")
        found = kubeflow.run("a")
        assert found
        assert found.state is RunState.CANCELING
    kubeflow.terminate("nobody")


def test_a_workflow_that_was_deleted(server: Server, kubeflow: KfpClient) -> None:
    """A run that can never end is forgotten; one that is stopping already only by name."""
    server.refusal = GONE
    server.add("a", "2026-11-29T10:00:00Z")
    kubeflow.terminate("a")
    assert kubeflow.run("a") is None
    server.add("b", "2026-11-29T10:00:00Z", "CANCELING")
    kubeflow.terminate("b")
    assert kubeflow.run("b")
    kubeflow.forget("b")
    assert kubeflow.run("b") is None


def test_the_servers_own_words(server: Server, kubeflow: KfpClient) -> None:
    """What else it refuses is told as it says it."""
    server.add("a", "2026-11-29T10:00:00Z")
    server.refusal = "the database is\nlocked"
    with pytest.raises(KubeflowUnavailable, match="answered 500: the database is locked"):
        kubeflow.terminate("a")
