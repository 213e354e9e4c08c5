"""The local backend: the cluster's very components, run on this machine by `kfp.local`."""

import builtins
import contextlib
import io
import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from nasflow.backends.outcome import outcome
from nasflow.base import settings
from nasflow.base.errors import SearchFailed, Stuck
from nasflow.search.cluster import Cluster, Trouble
from nasflow.search.rounds import SearchStop
from nasflow.search.schedule import is_finish
from nasflow.steps.archive import Archive
from nasflow.steps.dataset import upload
from nasflow.steps.execute import settled_tasks
from nasflow.steps.keys import troubles_prefix
from nasflow.steps.ledger import read_ledger
from nasflow.steps.succession import measure_progress

Runner = Literal["subprocess", "docker"]

PASSED_ON = (
    settings.OF_S3,
    settings.STORE_PATIENCE.name,
    settings.CHECKPOINT_SECONDS.name,
    settings.ALLOWED_CODE.name,
    settings.OF_MLFLOW,
    settings.THREADS.name,
)
"""Beginnings of the names of environment variables that a container gets."""


def run_components(
    archive: Archive,
    search: str,
    cluster: Cluster,
    runner: Runner,
    tracking: str | None,
    say: Callable[[str], None],
) -> SearchStop:
    """Go on with a search until it is finished, run by run, as Kubeflow would.

    What the components print goes line by line to `say`. Raise SearchFailed if a task fails, or if the
    search's failure budget is spent; Stuck if a run adds nothing.
    """
    from nasflow.pipelines import Placement, finish_pipeline, search_pipeline

    if runner == "docker":
        upload(archive, read_ledger(archive, search).start_spec.data)
    number, seen, old = 0, "", len(_troubles(archive, search))
    while tasks := settled_tasks(archive, search):
        number += 1
        pipeline = finish_pipeline if is_finish(tasks) else search_pipeline
        with _as_in_a_pod(archive, tracking), tempfile.TemporaryDirectory(prefix="nasflow-kfp-") as root:
            _prepare(runner, archive, root)
            try:
                with left_as_found(), contextlib.redirect_stdout(_Lines(say)), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    pipeline(Placement(search, cluster))(search=search, number=number)
            except _task_errors() as error:
                raise SearchFailed(_cause(archive, search, old) or _said(error)) from None
        seen = _assert_further(archive, search, seen, old)
    return outcome(archive, search)


def _prepare(runner: Runner, archive: Archive, root: str) -> None:
    from kfp import local

    chosen = local.SubprocessRunner(use_venv=False) if runner == "subprocess" else _docker(archive)
    local.init(runner=chosen, pipeline_root=root, raise_on_error=True)
    logging.getLogger().setLevel(logging.WARNING)


def _docker(archive: Archive) -> Any:
    """Containers as the cluster's pods are: read-only but for /tmp, no privileges; on the host's network."""
    from kfp import local

    url = archive.store.url
    return local.DockerRunner(
        environment=settings.environment(*PASSED_ON) | {settings.STORE.name: url},
        network_mode="host",
        read_only=True,
        tmpfs={"/tmp": "exec"},
        user=f"{os.getuid()}:{os.getgid()}",
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        mounts=[] if "://" in url else [_bind(Path(url))],
    )


def _bind(folder: Path) -> Any:
    from docker.types import Mount

    return Mount(target=str(folder), source=str(folder), type="bind")


@contextlib.contextmanager
def left_as_found() -> Iterator[None]:
    """Put back `print` and the root logger, which kfp.local replaces while a task runs.

    kfp 2.17 does this in a thread a task, and the task that ends last puts back what another had set.
    """
    root = logging.getLogger()
    found, level, handlers = builtins.print, root.level, list(root.handlers)
    try:
        yield
    finally:
        builtins.print = found
        root.setLevel(level)
        root.handlers[:] = handlers


def _as_in_a_pod(archive: Archive, tracking: str | None) -> contextlib.AbstractContextManager[None]:
    """What the chart's ConfigMap gives to pods, but for Kubeflow's address: this process goes on itself."""
    return settings.temporarily(
        {settings.STORE: archive.store.url, settings.KFP_HOST: None, settings.TRACKING_URI: tracking}
    )


def _task_errors() -> tuple[type[Exception], ...]:
    """What kfp.local raises where a task failed, or where no container could be started."""
    from docker.errors import DockerException

    return RuntimeError, DockerException


def _said(error: Exception) -> str:
    text = " ".join(str(error).split())
    if isinstance(error, RuntimeError):
        return text
    return f"Docker: {text}: check that its engine runs (DOCKER_HOST) and has the image of cluster.image"


def _assert_further(archive: Archive, search: str, before: str, troubles: int) -> str:
    """How far a search is. Raise Stuck, with what was written down since `troubles`, if it is where it was.

    kfp 2.17 takes a container that Docker has removed before it was asked for its exit code for one that
    succeeded: without this, a task that fails in this way would be tried for ever.
    """
    progress = measure_progress(archive, search)
    if progress == before:
        raise Stuck(
            _cause(archive, search, troubles) or f"search {search!r} came no further, and no task said why"
        )
    return progress


def _cause(archive: Archive, search: str, after: int) -> str | None:
    """What a failed task wrote down: the last trouble, if there are more than `after`."""
    keys = _troubles(archive, search)[after:]
    if not keys:
        return None
    trouble = archive.read(keys[-1], Trouble)
    return f"{trouble.step} failed: {trouble.reason}"


def _troubles(archive: Archive, search: str) -> list[str]:
    return archive.store.list(troubles_prefix(search))


_INDENT = "    "
"""What kfp puts before each line of a container."""


class _Lines(io.TextIOBase):
    """A text stream that hands over whole lines, without the space round them."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._rest = say, ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in filter(None, lines):
            self._say(line.removeprefix(_INDENT))
        return len(text)
