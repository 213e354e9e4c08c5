"""A server that answers kfp's client as a real 2.17 does, and keeps what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast


class Server(ThreadingHTTPServer):
    """Runs, as the API tells them; what it says to a termination."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.runs: dict[str, dict[str, Any]] = {}
        self.refusal: str | None = None
        self.asked: list[tuple[str, str]] = []
        """Methods and paths."""

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
        server.asked.append((self.command, place))
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        id, _, action = place.rpartition("/")[2].partition(":")
        if place.endswith("/healthz"):
            self._answer(200, {"multi_user": False, "tag_name": "2.17.0"})
        elif place.endswith("/experiments"):
            self._answer(200, {"experiment_id": "e"} if self.command == "POST" else {})
        elif place.endswith("/runs") and self.command == "POST":
            self._answer(200, {"run_id": "new"})
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


@contextmanager
def serving() -> Iterator[Server]:
    """A server without runs, for the time of a `with` block."""
    with Server() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield server
        server.shutdown()
