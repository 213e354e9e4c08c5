"""kfp's client against answers as a real 2.17 gave them: errors, equal times, lost workflows."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest

from nasflow.base.errors import KubeflowUnavailable
from nasflow.kubeflow import RunState
from nasflow.kubeflow.client import KfpClient, connect

GONE = 'Failed to terminate run: workflows.argoproj.io "w-1" not found'


class Server(ThreadingHTTPServer):
    """Runs, as the API tells them; what it says to a termination."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.runs: dict[str, dict[str, Any]] = {}
        self.refusal: str | None = None

    def add(self, id: str, created: str, state: str = "RUNNING") -> None:
        """A run."""
        self.runs[id] = {"run_id": id, "display_name": "r", "created_at": created, "state": state}


class Handler(BaseHTTPRequestHandler):
    """The few routes that are asked for."""

    def _answer(self, status: int, reply: object) -> None:
        body = json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _handle(self) -> None:
        server, place = cast(Server, self.server), self.path.partition("?")[0]
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        id, _, action = place.rpartition("/")[2].partition(":")
        if place.endswith("/healthz"):
            self._answer(200, {"multi_user": False, "tag_name": "2.17.0"})
        elif place.endswith("/runs"):
            found = sorted(server.runs.values(), key=lambda run: run["created_at"], reverse=True)
            self._answer(200, {"runs": found})
        elif id not in server.runs:
            self._answer(404, {"code": 5, "message": f"Run {id} not found"})
        elif action == "terminate" and server.runs[id]["state"] == "CANCELING":
            self._answer(400, {"code": 3, "message": f"Failed to terminate a run {id}. Row not found"})
        elif action == "terminate" and server.refusal:
            server.runs[id]["state"] = "CANCELING"
            self._answer(500, {"code": 13, "message": server.refusal, "details": []})
        elif action == "terminate":
            server.runs[id]["state"] = "CANCELING"
            self._answer(200, {})
        elif self.command == "DELETE":
            del server.runs[id]
            self._answer(200, {})
        else:
            self._answer(200, server.runs[id])

    do_GET = do_POST = do_DELETE = _handle  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    """One without runs."""
    server = Server()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


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
