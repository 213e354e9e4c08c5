"""Searches to look at, and disks that refuse."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.calling import call, write_config
from tests.steps.samples import DIVERGING, config, copy_of_finished, open_archive

from nasflow.steps.begin import begin


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A store of this test alone with the tiny search, finished."""
    return copy_of_finished(tmp_path)


@pytest.fixture(scope="session")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a finished search `tiny`, one that has just begun, `new`, and one that `failed`."""
    folder = tmp_path_factory.mktemp("three")
    store = copy_of_finished(folder)
    begin(open_archive(store), config(name="new", seed=3))
    call("search", write_config(folder, name="failed", **DIVERGING), "--store", store, "--no-track")
    return store


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 32 megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small file system takes root and the right to mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
