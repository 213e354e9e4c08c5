"""Searches that are struck at their writes, by seed: nothing is lost, nothing is paid for twice.

On S3 every second one has a proxy before the server besides, which breaks requests and answers.
"""

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from tests.backends.disturbed import (
    SEARCHES,
    SHORTLISTED,
    assert_undisturbed,
    call_until_it_ends,
    differing,
    live_until_it_ends,
    read_all,
)
from tests.backends.processes import quick_python, start
from tests.cli.calling import write_config
from tests.faults.blows import KILLS, VARIABLE, Blow, Blows
from tests.faults.proxy import Proxy, Script, Seeded, proxied
from tests.servers import BUCKET, killable_seaweedfs, new_store
from tests.steps.samples import config, finished_once, open_archive

from nasflow.backends.local import run_components
from nasflow.search.cluster import Cluster, Layout
from nasflow.steps.begin import begin
from nasflow.store import put_blob

RUNS = int(os.environ.get("DISTURBED_RUNS", "100"))
"""Of a campaign on one store."""

PART = 20
"""Runs of one test, so that processes can share a campaign."""

OF_COMPONENTS = 8
"""Runs of the local backend: each of its tasks is a process, and kfp compiles a pipeline for every run."""


def disturb(url: str, seed: int, folder: Path) -> Blows:
    """One run: the search, its lanes and the blows follow from the seed; with all that must hold at its end.

    A process dies before, in or after the first write of all, or the second, the third ...: over a campaign
    each write of a search is the first to be struck. Others are struck after it.
    """
    folder.mkdir()
    changes, lanes = SEARCHES[seed % len(SEARCHES)], "2" if seed % 10 == 7 else "1"
    blows = Blows(folder, seed, every=150, at={1 + seed * 2 // 5: KILLS[seed % 3]})
    command = ("search", write_config(folder, **changes), "--store", url, "--no-track", "--lanes", lanes)
    lives = call_until_it_ends(command, folder, blows)
    assert_undisturbed(url, finished_once(**changes))
    names = [blow.name for blow, _ in blows.struck()]
    print(f"seed {seed}: {blows.writes()} writes, {lives} lives: {' '.join(names)}")
    return blows


def disturb_on_s3(seed: int, folder: Path) -> None:
    """The same in a bucket."""
    real, url = os.environ["AWS_ENDPOINT_URL_S3"], f"s3://{BUCKET}/{uuid4().hex}"
    if seed % 2:
        disturb(url, seed, folder)
        return
    with proxied(real, Seeded(seed, every=10)) as proxy, led_through(proxy):
        disturb(url, seed, folder)


@contextmanager
def led_through(proxy: Proxy) -> Iterator[None]:
    """The environment leads to a server through a proxy."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL_S3", proxy.url)
        yield


@pytest.mark.long
@pytest.mark.usefixtures("s3_url")
def test_one_on_s3(tmp_path: Path) -> None:
    """On a real S3, through a proxy."""
    disturb_on_s3(70, tmp_path / "run")


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, RUNS, PART))
def test_many(first: int, tmp_path: Path) -> None:
    """A campaign on a directory."""
    for seed in range(first, first + PART):
        disturb(str(tmp_path / f"store-{seed}"), seed, tmp_path / str(seed))


@pytest.mark.long
@pytest.mark.parametrize("first", range(0, RUNS, PART))
@pytest.mark.usefixtures("s3_url")
def test_many_on_s3(first: int, tmp_path: Path) -> None:
    """A campaign on a real S3."""
    for seed in range(first, first + PART):
        disturb_on_s3(seed, tmp_path / str(seed))


@pytest.mark.long
@pytest.mark.usefixtures("quick_pipelines")
@pytest.mark.parametrize("seed", range(OF_COMPONENTS))
def test_components(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The local backend, whose every task is a process that may be struck."""
    url, changes = str(tmp_path / "store"), SEARCHES[seed % len(SEARCHES)]
    layout: Layout = "steps" if seed >= len(SEARCHES) else "fused"
    cluster = Cluster(image="python", layout=layout, rounds_per_run=2, retries=0)
    archive = open_archive(url)
    begin(archive, config(**changes))
    blows = Blows(tmp_path, seed, at={8 + 5 * seed: KILLS[seed % 3]}, every=25)

    def live() -> bool:
        run_components(open_archive(url), "tiny", cluster, "subprocess", None, lambda line: None)
        return True

    with quick_python() as python:
        monkeypatch.setattr("sys.executable", str(python))
        lives = live_until_it_ends(live, blows)
    # Birth, training and evaluation are a process each, and so an attempt each.
    assert_undisturbed(url, finished_once(**changes), steps=3 if layout == "steps" else 1)
    print(f"seed {seed}: {layout}, {lives} runs: {blows.struck()}")


@pytest.mark.long
@pytest.mark.parametrize("count", [2, 4, 8, 16])
@pytest.mark.parametrize("kind", ["directory", "s3"])
def test_many_go_on(kind: str, count: int, s3_url: str, tmp_path: Path) -> None:
    """However many processes go on with a search that was killed: each child is trained once."""
    url = s3_url if kind == "s3" else str(tmp_path / "store")
    file, output = write_config(tmp_path, **SHORTLISTED), tmp_path / "output"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(VARIABLE, Blows(tmp_path, at={10 + count: Blow.KILLED_AFTER}).told())
        killed = start("search", file, "--store", url, "--no-track", output=output)
        killed.join()
    assert killed.exitcode == -signal.SIGKILL, output.read_text()
    resumed = [start("resume", "tiny", "--store", url, "--no-track", output=output) for _ in range(count)]
    for process in resumed:
        process.join()
    assert [process.exitcode for process in resumed] == [0] * count, output.read_text()
    assert_undisturbed(url, finished_once(**SHORTLISTED))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6))
def test_an_outage(seed: int, s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server is gone for some seconds, at any time: the search waits; an impatient one is called again."""
    patience = 60 if seed % 2 else 1
    monkeypatch.setenv("NASFLOW_STORE_PATIENCE", str(patience))
    blows = Blows(tmp_path)
    command = ("search", write_config(tmp_path, **SHORTLISTED), "--store", s3_url, "--no-track")
    with proxied(os.environ["AWS_ENDPOINT_URL_S3"], Script()) as proxy, led_through(proxy):
        watcher = threading.Thread(target=leave_at, args=(proxy, blows, 5 + 8 * seed, 4.0), daemon=True)
        watcher.start()
        lives = call_until_it_ends(command, tmp_path, blows)
        watcher.join()
    assert lives == 1 or patience == 1
    assert_undisturbed(s3_url, finished_once(**SHORTLISTED))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2))
def test_the_server_is_killed(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SeaweedFS itself dies of SIGKILL, twice, and comes back: the search waits, and lacks nothing."""
    blows = Blows(tmp_path)
    folder = tmp_path / "weed"
    folder.mkdir()
    with killable_seaweedfs(folder) as (environment, kill):
        url = new_store(environment, monkeypatch)
        writes = (4 + seed, 20 + seed)
        watcher = threading.Thread(target=kill_at, args=(kill, blows, writes), daemon=True)
        watcher.start()
        command = ("search", write_config(tmp_path, **SHORTLISTED), "--store", url, "--no-track")
        assert call_until_it_ends(command, tmp_path, blows) == 1
        watcher.join()
        assert_undisturbed(url, finished_once(**SHORTLISTED))


@pytest.mark.long
def test_gc_is_killed(tmp_path: Path) -> None:
    """Before, in and after a removal: called again it ends, and only what nobody names is gone."""
    url, whole = tmp_path / "store", finished_once()
    shutil.copytree(whole, url)
    for number in range(4):
        put_blob(open_archive(url).store, bytes([number]))
    blows = Blows(tmp_path, at=dict(enumerate(KILLS, 1)))
    assert call_until_it_ends(("gc", "--store", url), tmp_path, blows) > 1
    # Those that are removed at the same time may die of one kill.
    assert {blow for blow, _ in blows.struck()} == {*KILLS}
    assert differing(read_all(open_archive(url).store), read_all(open_archive(whole).store)) == {}


def kill_at(kill: Callable[[float], None], blows: Blows, writes: Iterable[int]) -> None:
    """The server is killed each time so many writes are begun, and is gone for a second."""
    for write in writes:
        while blows.writes() < write:
            time.sleep(0.005)
        kill(1.0)


def leave_at(proxy: Proxy, blows: Blows, write: int, seconds: float) -> None:
    """The proxy is gone for some seconds once so many writes are begun."""
    while blows.writes() < write:
        time.sleep(0.005)
    proxy.leave_for(seconds).join()
