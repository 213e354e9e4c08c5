"""An image run as a strict cluster would run it."""

import random
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOM = "/store"
"""Where a container finds the folder it may write to."""

_AS_IN_THE_CHART = ("--env", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false")
"""No eight processes for jobs that nobody gives."""


class Image:
    """An image of a real Docker engine; each container has a UID of its own that nobody has heard of."""

    def __init__(self, name: str, description: Mapping[str, Any]) -> None:
        self.name = name
        self.config: Mapping[str, Any] = description["Config"]

    def run(self, *command: str, writes_to: Path | None = None) -> str:
        """What `command` says on both channels; a test fails here if its exit code is not 0."""
        done = docker("run", "--rm", *_restrictions(writes_to), self.name, *command)
        assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout[-3000:]}"
        return done.stdout

    def python(self, program: str) -> str:
        """What a program of the image's Python prints."""
        return self.run("python3", "-c", program)

    def as_root(self, program: str) -> str:
        """What a program of the image's Python prints that may look everywhere."""
        done = docker("run", "--rm", "--network", "none", "--user", "0", self.name, "python3", "-c", program)
        assert done.returncode == 0, done.stdout
        return done.stdout

    @contextmanager
    def serving(self, *command: str) -> Iterator[str]:
        """The id of a container in which `command` goes on; it is removed at the end."""
        started = docker("run", "--detach", *_restrictions(None), *_AS_IN_THE_CHART, self.name, *command)
        assert started.returncode == 0, started.stdout
        container = started.stdout.strip()
        try:
            yield container
        finally:
            docker("rm", "--force", container)

    def history(self) -> str:
        """Every command that made the image, its base included."""
        return docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", self.name).stdout


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A Docker command that has ended, its errors among its output."""
    return subprocess.run(
        ["docker", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def _restrictions(writes_to: Path | None) -> list[str]:
    """More than the restricted Pod Security Standard asks: not even a network."""
    if writes_to is not None:
        writes_to.chmod(0o777)
    return [
        *("--user", f"{random.randint(100_000, 2_000_000_000)}:0"),
        *("--read-only", "--tmpfs", "/tmp"),
        *("--network", "none", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
        *(() if writes_to is None else ("--volume", f"{writes_to}:{ROOM}")),
    ]
