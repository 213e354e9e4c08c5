"""A proxy before a real S3 server that breaks what it hands on; what, a plan says, request by request."""

import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import cast
from urllib.parse import urlsplit


class Fault(Enum):
    """What can befall a request."""

    NONE = "handed on as it is"
    BUSY = "not done, answered 503"
    CONFLICT = "not done, answered 409"
    BROKEN_ERROR = "not done, answered 500, whose XML breaks off"
    GARBLED_ERROR = "not done, answered 502 with a page that is no XML"
    HALF_SENT = "the server gets half of it, the client no answer"
    LOST = "done, and not answered"
    TWICE = "done twice, as a proxy does that has lost the first answer; the second answer is given"
    TORN = "done, and the answer ends in its body, or in its head if it has none"
    BEHEADED = "done, and the answer ends in its head"
    RESET = "done, and the connection is reset in the middle of the answer"
    LATE = "done a moment later"
    AWAY = "not done, and for a while nothing is"


Plan = Callable[[], Fault]
"""The fault of the next request."""

CHECKSUMS = ("x-amz-checksum", "x-amz-sdk-checksum", "x-amz-trailer", "content-md5")
"""How headers begin that some servers refuse."""


@dataclass
class Script:
    """The faults in the list, one a request; then none."""

    faults: list[Fault] = field(default_factory=list)

    def __call__(self) -> Fault:
        """See `Plan`."""
        return self.faults.pop(0) if self.faults else Fault.NONE


class Seeded:
    """Faults of all kinds, drawn by seed: one request in `every` has one; seldom is the server away."""

    _KINDS = tuple(fault for fault in Fault if fault is not Fault.NONE)
    _WEIGHTS = tuple(0.2 if fault is Fault.AWAY else 1.0 for fault in _KINDS)

    def __init__(self, seed: object, every: int = 3) -> None:
        self._random = random.Random(str(seed))
        self._every = every
        self.drawn = dict.fromkeys(Fault, 0)

    def __call__(self) -> Fault:
        """See `Plan`."""
        is_hit = self._random.randrange(self._every) == 0
        fault = self._random.choices(self._KINDS, self._WEIGHTS)[0] if is_hit else Fault.NONE
        self.drawn[fault] += 1
        return fault


class Proxy:
    """One proxy; it can go away and come back at its address."""

    def __init__(self, real: str, plan: Plan, refused: bytes = b"") -> None:
        self.real = urlsplit(real).netloc
        self.plan = plan
        self.refused = refused
        """Status and code ("501 NotImplemented") with which checksums are refused; empty: they are not."""
        self.is_there = True
        self.share = random.Random(1).random
        """Where the next answer that breaks off does so."""
        self._server = _Server(("127.0.0.1", 0), self)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def leave(self) -> None:
        """Answer nothing, and listen no longer."""
        self.is_there = False
        self._server.shutdown()
        self._server.server_close()

    def come_back(self) -> None:
        """Listen where it did."""
        self._server = _Server(("127.0.0.1", self._server.server_port), self)
        self.is_there = True

    def leave_for(self, seconds: float) -> threading.Thread:
        """Leave now, and come back after that time; the thread that sees to it."""
        self.leave()
        thread = threading.Timer(seconds, self.come_back)
        thread.start()
        return thread

    def be_quiet_for(self, seconds: float) -> None:
        """Accept connections, and close them without a word."""
        self.is_there = False
        threading.Timer(seconds, setattr, (self, "is_there", True)).start()


@contextmanager
def proxied(real: str, plan: Plan, refused: bytes = b"") -> Iterator[Proxy]:
    """A proxy before the server at `real`."""
    proxy = Proxy(real, plan, refused)
    yield proxy
    proxy.leave()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], proxy: Proxy) -> None:
        super().__init__(address, _Handler)
        self.proxy = proxy
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: a client that has gone is nothing to tell of here."""


@dataclass(frozen=True)
class _Answer:
    head: bytes
    body: bytes = b""

    def part(self, share: float) -> bytes:
        """All of the head and a share of the body; a share of the head where there is no body."""
        if self.body:
            return self.head + self.body[: int(share * len(self.body))]
        return self.head[: int(share * len(self.head))]


def _error(status: bytes, body: bytes) -> _Answer:
    return _Answer(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status, len(body)), body)


def _refusal(status: bytes) -> _Answer:
    """An answer of S3's: status and code, as in "503 SlowDown"."""
    return _error(
        status, b"<Error><Code>%s</Code><Message>of the proxy</Message></Error>" % status.split()[1]
    )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _handle(self) -> None:
        proxy = cast(_Server, self.server).proxy
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = proxy.plan() if proxy.is_there else Fault.NONE
        if fault is Fault.AWAY:
            proxy.be_quiet_for(0.2)
        if not proxy.is_there:
            self.close_connection = True
        elif proxy.refused and any(name.lower().startswith(CHECKSUMS) for name in self.headers):
            self._send(_refusal(proxy.refused))
        else:
            self._break(fault, proxy.real, body)

    do_GET = do_HEAD = do_PUT = do_DELETE = _handle  # noqa: N815

    def _break(self, fault: Fault, real: str, body: bytes) -> None:
        match fault:
            case Fault.BUSY:
                self._send(_refusal(b"503 SlowDown"))
            case Fault.CONFLICT:
                self._send(_refusal(b"409 ConditionalRequestConflict"))
            case Fault.GARBLED_ERROR:
                self._send(_error(b"502 Bad", b"<html>Bad gateway<br>"))
            case Fault.BROKEN_ERROR:
                self._cut(_refusal(b"500 InternalError"))
            case Fault.HALF_SENT:
                self._forward(real, body, half=True)
                self.close_connection = True
            case Fault.LOST:
                self._forward(real, body)
                self.close_connection = True
            case Fault.TORN:
                self._cut(self._forward(real, body))
            case Fault.BEHEADED:
                self._cut(_Answer(self._forward(real, body).head))
            case Fault.RESET:
                self._cut(self._forward(real, body))
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            case Fault.TWICE:
                self._forward(real, body)
                self._send(self._forward(real, body))
            case Fault.LATE:
                time.sleep(0.1)
                self._send(self._forward(real, body))
            case _:
                self._send(self._forward(real, body))

    def _forward(self, real: str, body: bytes, half: bool = False) -> _Answer:
        """The real server's answer; of `half` a request there is none."""
        connection = HTTPConnection(real, timeout=30)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name != "Expect":
                    connection.putheader(name, value)
            if half and not body:
                return _Answer(b"")
            connection.endheaders(body[: len(body) // 2] if half else body)
            if half:
                return _Answer(b"")
            reply = connection.getresponse()
            kept = ((name, value) for name, value in reply.getheaders() if name.lower() not in _OF_THE_WAY)
            lines = [f"HTTP/1.1 {reply.status} {reply.reason}", *(f"{name}: {value}" for name, value in kept)]
            received = reply.read()
            length = reply.getheader("Content-Length", "0") if self.command == "HEAD" else len(received)
            head = "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode("latin-1")
            return _Answer(head, received)
        finally:
            connection.close()

    def _send(self, answer: _Answer) -> None:
        self.wfile.write(answer.head if self.command == "HEAD" else answer.head + answer.body)

    def _cut(self, answer: _Answer) -> None:
        self.wfile.write(answer.part(cast(_Server, self.server).proxy.share()))
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


_OF_THE_WAY = frozenset({"content-length", "connection", "transfer-encoding"})
"""Headers of one connection, not of the answer."""
