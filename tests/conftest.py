"""For every test that asks for one: a real S3 server, and a package that adds something to nasflow."""

import atexit
import gc
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from xdist.scheduler import LoadFileScheduling

# What tests share says what was found too, as tests themselves do.
pytest.register_assert_rewrite("tests.backends", "tests.store", "tests.steps", "tests.cli")

from tests.servers import new_store, seaweedfs

from nasflow.base.plugins import plugged

FORGOTTEN = list[str]()
"""Folders that go at the end, unless a test has failed: who looks for the cause wants its files."""

MEMORY, ROOM = Path("/dev/shm"), 2**30
"""A file system in memory, and what it must have free, in bytes: `make test` holds 120 MB there at most."""

# What tests write is not to last: in memory, where there is room for it, they wait for no disk. Whether bytes
# outlast a loss of power no test can see, and a killed process leaves the same in both.
if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
    # Pytest has asked for the usual folder by now, and Python remembers it.
    tempfile.tempdir = os.environ["TMPDIR"] = tempfile.mkdtemp(prefix="nasflow-tests-", dir=MEMORY)
    FORGOTTEN.append(tempfile.tempdir)

# A lane costs seconds of imports: tests of lanes say how many they want. Here, so that processes inherit it.
os.environ["NASFLOW_LANES"] = "1"

# Networks as users write them are tests' own; a test of what is not allowed takes this away.
os.environ["NASFLOW_ALLOW_CODE"] = "tests"

# Every client of S3 is made from the same descriptions, which are megabytes of JSON: read once.
botocore.session.create_loader = cache(botocore.session.create_loader)

# Imports leave hundreds of thousands of objects for good: to look for cycles among them takes seconds.
gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes the longest in one piece begins first, see ByFile."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/tracking/"))


def pytest_collection_finish() -> None:
    """From now on Python looks for cycles again, but only in what tests make."""
    gc.collect()
    gc.freeze()
    # Libraries in C++ complain at the end of what was never taken away.
    atexit.register(gc.unfreeze)
    gc.enable()
    if "PYTEST_XDIST_WORKER" in os.environ:
        _begin_processes()


def pytest_sessionfinish(exitstatus: int) -> None:
    """After the last test; servers may still write for a moment."""
    if exitstatus == pytest.ExitCode.OK:
        for folder in FORGOTTEN:
            # After multiprocessing has taken away its own folder in it (-100), which it would miss.
            Finalize(None, shutil.rmtree, (folder, True), exitpriority=-200)


def _begin_processes() -> None:
    """Whoever opens a process first decides what all later ones find imported, or import for seconds."""
    from tests.backends import processes

    processes.begin()


class ByFile(LoadFileScheduling):  # type: ignore[misc]
    """Whose turn it is gets a file; all files about MLflow are one, so that its server starts once."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return "tests/tracking" if file.startswith("tests/tracking/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling | None:
    """For `--dist loadfile`."""
    return ByFile(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def quick_pipelines() -> Iterator[None]:
    """Pipelines are made as fast as outside pytest."""
    from tests.kubeflow.stack import without_sources

    with without_sources():
        yield


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The AWS environment in which `open_store` finds a SeaweedFS of this session (of this xdist worker)."""
    with seaweedfs(tmp_path_factory.mktemp("weed")) as environment:
        yield environment


@pytest.fixture
def s3_url(s3_server: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty S3 store of this test alone; its AWS environment is set."""
    return new_store(s3_server, monkeypatch)


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package in tests/plugins is installed, here and in every program that the test starts."""
    folder = Path(__file__).parent / "plugins"
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    plugged.cache_clear()
    yield folder
    plugged.cache_clear()
