"""The image under test, made if it is not there."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.images.containers import Image, docker

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def image() -> Image:
    """The image that NASFLOW_IMAGE names, else `nasflow:test`, which `make image` makes if it is missing."""
    if shutil.which("docker") is None or docker("info").returncode != 0:
        pytest.skip("no Docker engine answers")
    name = os.environ.get("NASFLOW_IMAGE", "nasflow:test")
    found = docker("image", "inspect", name)
    if found.returncode != 0:
        _make(name)
        found = docker("image", "inspect", name)
    return Image(name, json.loads(found.stdout)[0])


def _make(name: str) -> None:
    repository, _, tag = name.rpartition(":")
    command = ["make", "image", f"IMAGE={repository}", f"TAG={tag}"]
    made = subprocess.run(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if made.returncode != 0:
        pytest.skip(f"there is no image {name}, and `{' '.join(command)}` failed: {made.stdout[-500:]}")
