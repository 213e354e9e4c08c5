"""What a store promises to several writers at once, whatever befalls their requests and answers."""

import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from tests.faults.proxy import Fault, Proxy, Seeded, proxied
from tests.servers import BUCKET

from nasflow.base.errors import NotFound
from nasflow.store import Store, get_blob, open_store, put_blob

LOG = "shared/log"


@dataclass
class Writer:
    """One of several processes: what it does, by seed, and what it must find."""

    store: Store
    name: str
    seed: int
    own: dict[str, bytes] = field(default_factory=dict)
    """What must be at the keys that nobody else writes."""
    won: set[str] = field(default_factory=set)
    """Shared keys of which it was told that it created them."""
    added: list[str] = field(default_factory=list)
    """Its entries of the shared log."""
    seen: bytes = b""
    """The log as it read it last."""
    done: int = 0
    """Steps."""

    def __post_init__(self) -> None:
        self._random = random.Random(f"{self.seed} {self.name}")
        self._count = 0

    def work(self, steps: int) -> None:
        """That many steps; raises AssertionError where a promise is broken."""
        acts = (
            self.create,
            self.replace,
            self.read,
            self.delete,
            self.list,
            self.race,
            self.append,
            self.blob,
        )
        for _ in range(steps):
            self._count += 1
            self._random.choice(acts)()
            self.done += 1

    def create(self) -> None:
        """A key is created if and only if it is not there."""
        key, data = self._key(), self._bytes()
        assert self.store.create(key, data) == (key not in self.own)
        self.own.setdefault(key, data)

    def replace(self) -> None:
        """The version that was read can be replaced, once."""
        key, first, second = self._key(), self._bytes(), self._bytes()
        if key not in self.own:
            assert self.store.replace(key, first, '"none"') is None
            return
        found, version = self.store.read_versioned(key)
        assert found == self.own[key]
        assert self.store.replace(key, first, version)
        assert self.store.replace(key, second, version) is None
        self.own[key] = first

    def read(self) -> None:
        """What was written is read, to the last byte."""
        key = self._key()
        assert self.store.exists(key) == (key in self.own)
        if key in self.own:
            assert self.store.read(key) == self.own[key]
        else:
            with pytest.raises(NotFound):
                self.store.read(key)

    def delete(self) -> None:
        """What was deleted is gone."""
        key = self._key()
        self.store.delete(key)
        self.own.pop(key, None)

    def list(self) -> None:
        """All of the keys are listed, and no other."""
        assert self.store.list(f"own/{self.name}/") == sorted(self.own)

    def race(self) -> None:
        """A key that all want: who is told to have won must be the one whose bytes are there."""
        key = f"shared/race-{self._random.randrange(20)}"
        if self.store.create(key, f"{self.name} {key}".encode()):
            self.won.add(key)

    def append(self) -> None:
        """Add an entry to a log that all write, as the head of `store.s3` asks for; what is in it stays."""
        entry = f"{self.name}-{self._count}"
        while True:
            found, version = self._log()
            assert found.startswith(self.seen)
            self.seen = found
            if entry in found.decode().split():
                break
            self.store.replace(LOG, found + f"{entry}\n".encode(), version)
        self.added.append(entry)

    def blob(self) -> None:
        """A blob comes back whole."""
        data = self._bytes()
        assert get_blob(self.store, put_blob(self.store, data)) == data

    def _log(self) -> tuple[bytes, str | None]:
        try:
            return self.store.read_versioned(LOG)
        except NotFound:
            return b"", None

    def _key(self) -> str:
        return f"own/{self.name}/{self._random.randrange(4)}"

    def _bytes(self) -> bytes:
        """Never the same twice."""
        self._count += 1
        return f"{self.name} {self._count} ".encode() + self._random.randbytes(
            self._random.choice((0, 9, 60_000))
        )


def check_all(store: Store, writers: list[Writer]) -> None:
    """What is there in the end is what the writers were told, neither more nor less."""
    claims = [key for writer in writers for key in writer.won]
    assert sorted(claims) == [key for key in store.list("shared/") if key != LOG]
    for writer in writers:
        assert all(store.read(key) == f"{writer.name} {key}".encode() for key in writer.won)
        assert {key: store.read(key) for key in store.list(f"own/{writer.name}/")} == writer.own
    entries = store.read(LOG).decode().split() if store.exists(LOG) else []
    assert sorted(entries) == sorted(entry for writer in writers for entry in writer.added)


class Campaign:
    """Writers in threads, each behind a proxy of its own with faults of its own seed."""

    def __init__(self, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self._seed, self._environment = seed, monkeypatch
        self._real = os.environ["AWS_ENDPOINT_URL_S3"]
        self._url = f"s3://{BUCKET}/{uuid4().hex}"
        self.proxies: list[Proxy] = []
        self.faults: list[Seeded] = []

    def run(self, names: str, steps: int, every: int, outage: float = 0) -> None:
        """A writer for each letter of `names`; for `outage` seconds all of them lose their server."""
        with ExitStack() as stack:
            writers = [self._writer(name, every, stack) for name in names]
            with ThreadPoolExecutor(len(writers)) as pool:
                at_work = [pool.submit(writer.work, steps) for writer in writers]
                if outage:
                    # A server's first writes can take seconds: whoever waits for them would miss the outage.
                    while any(writer.done < steps // 10 for writer in writers):
                        time.sleep(0.01)
                    assert not any(each.done() for each in at_work)
                    for proxy in self.proxies:
                        proxy.leave_for(outage)
                for each in at_work:
                    each.result()
        self._environment.setenv("AWS_ENDPOINT_URL_S3", self._real)
        check_all(open_store(self._url), writers)

    def _writer(self, name: str, every: int, stack: ExitStack) -> Writer:
        self.faults.append(Seeded((self._seed, name), every))
        self.proxies.append(stack.enter_context(proxied(self._real, self.faults[-1])))
        self._environment.setenv("AWS_ENDPOINT_URL_S3", self.proxies[-1].url)
        return Writer(open_store(self._url, proven=True), name, self._seed)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_promises_hold(s3_url: str, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Three writers, every third request with a fault."""
    Campaign(seed, monkeypatch).run("abc", steps=20, every=3)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 120))
def test_promises_hold_for_long(s3_url: str, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Four writers, every second request with a fault; each kind of fault falls."""
    campaign = Campaign(seed, monkeypatch)
    campaign.run("abcd", steps=60, every=2)
    drawn = {fault.name: sum(plan.drawn[fault] for plan in campaign.faults) for fault in Fault}
    print(f"seed {seed}: {sum(drawn.values())} requests: {drawn}")
    assert min(drawn.values()) > 0


@pytest.mark.long
@pytest.mark.parametrize("outage", [5, 20])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_promises_outlast_an_outage(
    s3_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    seed: int,
    outage: float,
) -> None:
    """Three writers whose server is gone for that many seconds, among other faults: each says so."""
    monkeypatch.setenv("NASFLOW_STORE_PATIENCE", "60")
    began = time.monotonic()
    Campaign(seed, monkeypatch).run("abc", steps=150, every=5, outage=outage)
    assert time.monotonic() - began > outage
    lines = [line for line in capsys.readouterr().err.splitlines() if "it is waited for" in line]
    assert len(lines) >= 3, lines
