"""A comparison on Kubeflow, as far as no pod is needed for it."""

from dataclasses import replace

import pytest
from tests.kubeflow.memory import MemoryKubeflow
from tests.steps.samples import config, open_archive, run_search

from nasflow.backends.cluster import stop
from nasflow.backends.comparison import Handed, stop_comparison, submit_comparison
from nasflow.base.errors import NotReady, Stuck
from nasflow.kubeflow import RunState
from nasflow.search.cluster import Cluster, Run
from nasflow.search.contenders import contenders, searches
from nasflow.steps.archive import Archive
from nasflow.steps.compare import read_comparison
from nasflow.steps.keys import run_key
from nasflow.steps.succession import is_over, last_run, note_id, read_submission, take_up

pytestmark = pytest.mark.usefixtures("quick_pipelines")

WANTED = searches(config(name="both"), contenders(("path", "random")), (1,))


def submitted(archive: Archive, kubeflow: MemoryKubeflow) -> Handed:
    """Both arms, handed to Kubeflow."""
    return submit_comparison(archive, "both", WANTED, "random", Cluster(image="nasflow:1"), kubeflow, 2)


@pytest.mark.long
def test_submitted_until_it_is_over(s3_url: str) -> None:
    """One run sees all searches through; asked again it is met; what is over is not run again."""
    archive, kubeflow = open_archive(s3_url), MemoryKubeflow()
    first = submitted(archive, kubeflow)
    assert first.left == ("both-path-1", "both-random-1")
    assert kubeflow.arguments == [{"comparison": "both", "searches": list(first.left)}]
    assert read_comparison(archive, "both") == first.comparison
    assert submitted(archive, kubeflow) == replace(first, was_there=True)
    run_search(s3_url, WANTED[1, "path"])
    kubeflow.end("id-1", RunState.FAILED)
    assert submitted(archive, kubeflow).left == ("both-random-1",)
    assert kubeflow.arguments[1]["searches"] == ["both-random-1"]
    assert kubeflow.runs[0].name == kubeflow.runs[1].name
    run_search(s3_url, WANTED[1, "random"])
    assert submitted(archive, kubeflow) == Handed(first.comparison, (), None)
    assert len(kubeflow.runs) == 2


def test_submitted_again_after_a_stop(s3_url: str) -> None:
    """A search that was stopped by hand ends its pod with the remedy; another submission goes on with it."""
    archive, kubeflow = open_archive(s3_url), MemoryKubeflow()
    submitted(archive, kubeflow)
    take_up(archive, "both-path-1", kubeflow)
    stop(archive, "both-path-1", kubeflow)
    with pytest.raises(NotReady, match="nasflow resume both-path-1"):
        is_over(archive, "both-path-1", kubeflow)
    # The run that goes on has lost that search's pod: it would promise what nobody does.
    assert submitted(archive, kubeflow).was_there
    assert read_submission(archive, "both-path-1")[0].halted
    kubeflow.end("id-1", RunState.FAILED)
    assert not submitted(archive, kubeflow).was_there
    assert not read_submission(archive, "both-path-1")[0].halted


def test_stopped_as_a_whole(s3_url: str) -> None:
    """Its own run and those of its searches end, and none follows; what is over stays as it is."""
    archive, kubeflow = open_archive(s3_url), MemoryKubeflow()
    submitted(archive, kubeflow)
    run_search(s3_url, WANTED[1, "random"])
    assert take_up(archive, "both-path-1", kubeflow)
    assert stop_comparison(archive, "both", kubeflow) == ("both-path-1",)
    assert [each.state for each in kubeflow.runs] == [RunState.CANCELING] * 2
    kubeflow.end("id-1", RunState.CANCELED)
    kubeflow.end("id-2", RunState.CANCELED)
    assert take_up(archive, "both-path-1", kubeflow) is None
    assert submitted(archive, kubeflow).left == ("both-path-1",)
    assert take_up(archive, "both-path-1", kubeflow) is not None


def test_stopped_before_anything_has_begun(s3_url: str) -> None:
    """Then no search of it can begin."""
    archive, kubeflow = open_archive(s3_url), MemoryKubeflow()
    submitted(archive, kubeflow)
    assert stop_comparison(archive, "both", kubeflow) == ("both-path-1", "both-random-1")
    assert take_up(archive, "both-random-1", kubeflow) is None
    with pytest.raises(NotReady, match="nasflow resume both-random-1"):
        is_over(archive, "both-random-1", kubeflow)


def test_a_run_that_is_claimed(s3_url: str) -> None:
    """It is not taken for one that is gone; if its claimer has died, whoever waits submits it."""
    archive, kubeflow = open_archive(s3_url), MemoryKubeflow()
    submitted(archive, kubeflow)
    archive.replace(run_key("both-path-1", 1), Run(number=1, pipeline="search", progress=""), None)
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            note_id(archive, "both-path-1", Run(number=1, pipeline="search", progress=""), "id-late")

    assert not is_over(archive, "both-path-1", kubeflow, wait)
    assert (len(waited), len(kubeflow.runs)) == (3, 1)
    archive.replace(run_key("both-random-1", 1), Run(number=1, pipeline="search", progress=""), None)
    assert not is_over(archive, "both-random-1", kubeflow, lambda seconds: None)
    assert len(kubeflow.runs) == 2
    assert not is_over(archive, "both-random-1", kubeflow)


def test_seen_through(s3_url: str) -> None:
    """It is waited for a search while a run of it goes on; without one it is stuck, until it is over."""
    archive, kubeflow = open_archive(s3_url), MemoryKubeflow()
    submitted(archive, kubeflow)
    first = take_up(archive, "both-path-1", kubeflow)
    assert first == last_run(archive, "both-path-1")
    assert first == take_up(archive, "both-path-1", kubeflow)
    assert not is_over(archive, "both-path-1", kubeflow)
    kubeflow.end("id-2", RunState.FAILED)
    with pytest.raises(Stuck, match="nasflow status both-path-1"):
        is_over(archive, "both-path-1", kubeflow)
    assert take_up(archive, "both-path-1", kubeflow) != first
    assert not is_over(archive, "both-path-1", kubeflow)
    run_search(s3_url, WANTED[1, "path"])
    assert is_over(archive, "both-path-1", kubeflow)
