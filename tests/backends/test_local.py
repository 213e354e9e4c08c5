"""The cluster's components on this machine; what they come to is in test_contract.py."""

import builtins
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from tests.backends.processes import quick_python
from tests.steps.samples import copy_of_finished, open_archive

from nasflow.backends.local import left_as_found, run_components
from nasflow.base.errors import SearchFailed
from nasflow.search.budget import Budget
from nasflow.search.cluster import Cluster
from nasflow.steps.begin import set_budget
from nasflow.steps.keys import spec_key
from nasflow.steps.ledger import read_ledger

pytestmark = pytest.mark.usefixtures("quick_pipelines")


def test_a_failed_task_ends_it_with_its_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a step wrote down before it failed is what the user reads."""
    archive = open_archive(copy_of_finished(tmp_path))
    set_budget(archive, "tiny", Budget(children=6))
    archive.store.delete(spec_key(read_ledger(archive, "tiny").start_spec.id))
    cluster = Cluster(image="python", rounds_per_run=1, retries=0)
    with quick_python() as python:
        monkeypatch.setattr("sys.executable", str(python))
        with pytest.raises(SearchFailed, match=r"propose failed: NotFound: store .* has no children/"):
            run_components(archive, "tiny", cluster, "subprocess", None, lambda line: None)


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
