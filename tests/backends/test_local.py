"""The cluster's components on this machine; the same with Docker is in test_docker.py."""

import builtins
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from tests.cli.calling import call, write_config
from tests.steps.samples import config, copy_of_finished, open_archive

from nasflow.backends.local import left_as_found, run_components
from nasflow.base.errors import SearchFailed
from nasflow.cli.summary import summary
from nasflow.search.cluster import Cluster, Layout
from nasflow.steps.archive import Archive
from nasflow.steps.begin import begin
from nasflow.steps.keys import start_key

ONE_ROUND = {"budget": {"children": 2}}


def search(url: str | Path, layout: Layout) -> list[str]:
    """Run one round of the tiny search through kfp.local; what the steps said."""
    archive = open_archive(url)
    said: list[str] = []
    begin(archive, config(**ONE_ROUND))
    run_components(
        archive,
        "tiny",
        Cluster(image="python", layout=layout, rounds_per_run=2),
        "subprocess",
        None,
        said.append,
    )
    return said


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["fused", pytest.param("steps", marks=pytest.mark.cluster)])
def test_the_same_ledger_as_inline(layout: Layout, s3_url: str, tmp_path: Path) -> None:
    """The components, run by Kubeflow's own SDK against a real S3, end in the ledger of one process."""
    said = search(s3_url, layout)
    file = write_config(tmp_path, **ONE_ROUND)
    assert call("search", file, "--store", tmp_path / "inline", "--no-track").code == 0
    theirs, ours = summary(open_archive(s3_url), "tiny"), summary(open_archive(tmp_path / "inline"), "tiny")
    assert theirs["ledger_digest"] == ours["ledger_digest"]
    assert theirs["status"] == "finished"
    assert any(line.startswith("nasflow: propose tiny") for line in said)


@pytest.mark.slow
def test_a_failed_task_ends_it_with_its_cause(tmp_path: Path) -> None:
    """What a step wrote down before it failed is what the user reads."""
    store = Path(copy_of_finished(tmp_path))
    archive = open_archive(store)
    archive.store.delete("searches/tiny/finishes/0002/finish.json")
    archive.store.delete(start_key("tiny"))
    with pytest.raises(SearchFailed, match="propose failed: NotFound"):
        run_components(
            Archive(archive.store),
            "tiny",
            Cluster(image="python", rounds_per_run=1, retries=0),
            "subprocess",
            None,
            lambda line: None,
        )


def test_kfp_leaves_the_process_as_it_was() -> None:
    """Two tasks at once, of which the first ends first: kfp alone would indent every later line."""
    from kfp.local.logging_utils import indented_print, local_logger_context

    found, handlers = builtins.print, list(logging.getLogger().handlers)
    began, both_began, first_ended = Barrier(2), Barrier(2), Barrier(2)

    def first() -> None:
        with local_logger_context(), indented_print():
            began.wait()
            both_began.wait()
        first_ended.wait()

    def second() -> None:
        began.wait()
        with local_logger_context(), indented_print():
            both_began.wait()
            first_ended.wait()

    with left_as_found(), ThreadPoolExecutor(2) as threads:
        tasks = threads.submit(first), threads.submit(second)
        for task in tasks:
            task.result()
        assert builtins.print is not found
    assert builtins.print is found
    assert logging.getLogger().handlers == handlers
