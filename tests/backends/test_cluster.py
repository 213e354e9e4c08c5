from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml
from tests.kubeflow.memory import MemoryKubeflow
from tests.steps.samples import TINY, open_archive

from nasflow.backends.cluster import go_on, leave_first_run, prepare, status, stop, submit
from nasflow.base.errors import Conflict, InvalidSpec, NotReady
from nasflow.kubeflow import RunState, RunView
from nasflow.kubeflow.pods import RunPods
from nasflow.search.cluster import Run
from nasflow.search.file import SearchFile
from nasflow.steps.keys import run_key
from nasflow.steps.succession import follow, read_submission
from nasflow.store import get_blob

pytestmark = pytest.mark.usefixtures("quick_pipelines")

GIBI = 2**30 / 1e9
"""Kubeflow counts memory in units of 10^9 bytes."""


def yaml_memory(pipeline: bytes) -> set[float]:
    """What the pods of children may use at most."""
    executors = next(yaml.safe_load_all(pipeline))["deploymentSpec"]["executors"]
    return {
        each["container"]["resources"]["memoryLimit"]
        for name, each in executors.items()
        if name.startswith("exec-child")
    }


def file(cluster: dict[str, Any] | None = None, **changes: Any) -> SearchFile:
    """The tiny search with a cluster."""
    return SearchFile.model_validate(TINY | {"cluster": {"image": "nasflow:1"} | (cluster or {})} | changes)


@pytest.fixture
def kubeflow() -> MemoryKubeflow:
    """A Kubeflow without runs."""
    return MemoryKubeflow()


def test_submitted_twice_is_one_search(s3_url: str, kubeflow: MemoryKubeflow) -> None:
    """Two submissions of one configuration, from two laptops, are one run."""
    first = submit(open_archive(s3_url), file(), kubeflow)
    second = submit(open_archive(s3_url), file(), kubeflow)
    assert first == second
    assert len(kubeflow.runs) == 1


def test_another_search_of_the_name(s3_url: str, kubeflow: MemoryKubeflow) -> None:
    """Another configuration under the same name is refused, and nothing is submitted."""
    submit(open_archive(s3_url), file(), kubeflow)
    with pytest.raises(Conflict):
        submit(open_archive(s3_url), file(seed=2), kubeflow)
    assert len(kubeflow.runs) == 1


def test_a_changed_cluster_is_no_other_search(
    s3_url: str, kubeflow: MemoryKubeflow, capsys: pytest.CaptureFixture[str]
) -> None:
    """More memory may be asked for at any time; the next run is made with it, under the same tag."""
    archive = open_archive(s3_url)
    submit(archive, file(), kubeflow)
    before, _ = read_submission(archive, "tiny")
    submit(archive, file(), kubeflow)
    assert "under cluster:" not in capsys.readouterr().err
    submit(archive, file({"train": {"memory": "64Gi"}}), kubeflow)
    assert "takes effect with the next run; one that goes on" in capsys.readouterr().err
    after, _ = read_submission(archive, "tiny")
    assert after.tag == before.tag
    limits = [yaml_memory(get_blob(archive.store, each.search)) for each in (before, after)]
    assert limits == [{8 * GIBI}, {64 * GIBI}]


def test_a_folder_is_out_of_reach(tmp_path: Any, kubeflow: MemoryKubeflow) -> None:
    """Pods cannot see a directory of the laptop: it is refused before anything is written."""
    with pytest.raises(InvalidSpec, match="s3://bucket/prefix"):
        submit(open_archive(tmp_path / "store"), file(), kubeflow)
    assert not (tmp_path / "store").exists()


def test_submitted_by_somebody_else(s3_url: str, kubeflow: MemoryKubeflow) -> None:
    """A run that was submitted by hand under the name that was told is the search's first one."""
    archive = open_archive(s3_url)
    name = leave_first_run(archive, prepare(archive, file()))
    submission, _ = read_submission(archive, "tiny")
    by_hand = kubeflow.submit(name, get_blob(archive.store, submission.search), {}, "anything", None)
    going_on = go_on(archive, "tiny", kubeflow)
    assert going_on
    assert (going_on.number, going_on.id) == (1, by_hand.id)
    assert len(kubeflow.runs) == 1


def test_resumed_after_a_run_by_hand_has_died(s3_url: str, kubeflow: MemoryKubeflow) -> None:
    """A run that is over is not taken for one that is going on: the next one follows."""
    archive = open_archive(s3_url)
    search = prepare(archive, file())
    by_hand = kubeflow.submit(leave_first_run(archive, search), b"", {}, "anything", None)
    kubeflow.end(by_hand.id, RunState.FAILED)
    run = go_on(archive, search, kubeflow, wait=lambda seconds: None)
    assert run
    assert (run.number, run.id) == (2, "id-2")


def test_a_run_that_takes_long_to_stop(s3_url: str, kubeflow: MemoryKubeflow) -> None:
    """After two minutes of waiting nothing is claimed to be going on."""
    archive = open_archive(s3_url)
    submit(archive, file(), kubeflow)
    stop(archive, "tiny", kubeflow)
    with pytest.raises(NotReady, match="still being stopped"):
        go_on(archive, "tiny", kubeflow, wait=lambda seconds: None)


def test_preparing_again_does_not_undo_a_stop(s3_url: str, kubeflow: MemoryKubeflow) -> None:
    """A stopped search stays stopped when somebody else prepares it."""
    archive = open_archive(s3_url)
    submit(archive, file(), kubeflow)
    stop(archive, "tiny", kubeflow)
    prepare(archive, file())
    assert read_submission(archive, "tiny")[0].halted


def test_prepared_and_never_submitted(s3_url: str, kubeflow: MemoryKubeflow) -> None:
    """A first run that nobody has submitted is submitted by `resume`; afterwards none is left to others."""
    archive = open_archive(s3_url)
    search = prepare(archive, file())
    name = leave_first_run(archive, search)
    assert leave_first_run(archive, search) == name
    run = go_on(archive, search, kubeflow, wait=lambda seconds: None)
    assert run
    assert [each.name for each in kubeflow.runs] == [name]
    with pytest.raises(Conflict, match="run 1"):
        leave_first_run(archive, search)


def test_stopped_and_resumed(s3_url: str, kubeflow: MemoryKubeflow) -> None:
    """A stopped search stays stopped whatever its pods still ask for, and goes on when a person asks."""
    archive = open_archive(s3_url)
    submit(archive, file(), kubeflow)
    stop(archive, "tiny", kubeflow)
    assert kubeflow.runs[0].state is RunState.CANCELING
    assert follow(archive, "tiny", kubeflow, after=1) is None
    resumed = go_on(archive, "tiny", kubeflow, wait=lambda seconds: kubeflow.end("id-1", RunState.FAILED))
    assert resumed
    assert resumed.number == 2


def test_stopped_while_it_is_submitted(s3_url: str) -> None:
    """A stop that comes between the claim and the submission ends the run that was submitted all the same."""

    class Slow(MemoryKubeflow):
        def submit(self, *arguments: Any, **named: Any) -> RunView:
            stop(open_archive(s3_url), "tiny", MemoryKubeflow())
            return super().submit(*arguments, **named)

    kubeflow = Slow()
    assert submit(open_archive(s3_url), file(), kubeflow) is None
    assert [run.state for run in kubeflow.runs] == [RunState.CANCELING]


def test_two_submitters_of_one_run(s3_url: str) -> None:
    """If a slow submitter was given up by another one, the run that came late is ended."""

    class Late(MemoryKubeflow):
        def submit(self, *arguments: Any, **named: Any) -> RunView:
            archive = open_archive(s3_url)
            first = super().submit(*arguments, **named)
            known, version = archive.find_changing(run_key("tiny", 1), Run)
            assert known
            archive.replace(run_key("tiny", 1), known.model_copy(update={"id": first.id}), version)
            return super().submit(*arguments, **named)

    kubeflow = Late()
    run = submit(open_archive(s3_url), file(), kubeflow)
    assert run
    assert run.id == "id-1"
    assert [each.state for each in kubeflow.runs] == [RunState.RUNNING, RunState.CANCELING]


def test_a_claim_whose_id_was_lost(s3_url: str, kubeflow: MemoryKubeflow) -> None:
    """The run that goes on is found by its name: resume leaves it alone, stop ends it."""
    archive = open_archive(s3_url)
    first = submit(archive, file(), kubeflow)
    assert first
    _, version = archive.find_changing(run_key("tiny", 1), Run)
    archive.replace(run_key("tiny", 1), first.model_copy(update={"id": None}), version)
    resumed = go_on(archive, "tiny", kubeflow)
    assert resumed == first
    stop(archive, "tiny", kubeflow)
    assert kubeflow.runs[0].state is RunState.CANCELING


@pytest.mark.parametrize("state", [RunState.RUNNING, RunState.CANCELING])
def test_a_workflow_that_was_deleted(
    s3_url: str, kubeflow: MemoryKubeflow, state: RunState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its run would go on, or be stopping, for ever: stopped, it is forgotten, and the next one follows."""
    archive = open_archive(s3_url)
    first = submit(archive, file(), kubeflow)
    assert first
    kubeflow.end(str(first.id), state)
    kubeflow.lost.add(str(first.id))
    # Kubernetes, which no test of this file has.
    monkeypatch.setattr("nasflow.backends.cluster.is_stuck", lambda namespace, run: run in kubeflow.lost)
    stop(archive, "tiny", kubeflow)
    assert kubeflow.run(str(first.id)) is None
    second = go_on(archive, "tiny", kubeflow)
    assert second
    assert (second.number, second.id) == (2, "id-2")


def test_resumed_where_a_workflow_was_deleted(
    s3_url: str, kubeflow: MemoryKubeflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing goes on, whatever Kubeflow calls it: that is said, with what to do, and nothing is deleted."""
    archive = open_archive(s3_url)
    submit(archive, file(), kubeflow)
    kubeflow.lost.add("id-1")
    # Kubernetes, which no test of this file has.
    monkeypatch.setattr("nasflow.backends.cluster.is_lost", lambda namespace, run: run in kubeflow.lost)
    with pytest.raises(
        NotReady, match=r"run 1 of .*its workflow was deleted: `nasflow stop tiny .*, then `nasflow res"
    ):
        go_on(archive, "tiny", kubeflow)
    assert [(run.id, run.state) for run in kubeflow.runs] == [("id-1", RunState.RUNNING)]


def test_a_last_task_that_cannot_begin(
    s3_url: str, kubeflow: MemoryKubeflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run with a wrong image has one for its last task, too: resumed, it is waited for, then forgotten."""
    archive = open_archive(s3_url)
    waited: list[float] = []
    submit(archive, file(), kubeflow)
    stop(archive, "tiny", kubeflow)
    # Kubernetes, which no test of this file has.
    monkeypatch.setattr("nasflow.backends.cluster.is_stuck", lambda namespace, run: bool(waited))
    resumed = go_on(archive, "tiny", kubeflow, wait=waited.append)
    assert sum(waited) == 120
    assert resumed
    assert (resumed.number, [run.id for run in kubeflow.runs]) == (2, ["id-2"])


def test_a_run_whose_pods_nobody_makes(
    s3_url: str, kubeflow: MemoryKubeflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With Argo's controller away a run goes on for ever and does nothing: `status` says since when."""
    archive = open_archive(s3_url)
    assert submit(archive, file(), kubeflow)
    notes = []
    for minutes in (1, 20):
        ended = datetime.now(UTC) - timedelta(minutes=minutes)
        seen = RunPods((), 0, (), is_lost=False, idle_since=ended)
        # Kubernetes, which no test of this file has.
        monkeypatch.setattr("nasflow.backends.cluster.look", lambda namespace, run, seen=seen: seen)
        notes.append(status(archive, "tiny", kubeflow).note)
    assert notes[0] is None
    assert notes[1]
    assert notes[1].startswith("no pod of it has been at work for 20 min: is Argo's workflow controller up")
    kubeflow.end("id-1", RunState.SUCCEEDED)
    assert status(archive, "tiny", kubeflow).note is None


def test_stopped_twice(s3_url: str, kubeflow: MemoryKubeflow) -> None:
    """A run that is being stopped is left to it: nobody forgets it, however often it is stopped."""
    archive = open_archive(s3_url)
    first = submit(archive, file(), kubeflow)
    assert first
    for _ in range(2):
        stop(archive, "tiny", kubeflow)
    found = kubeflow.run(str(first.id))
    assert found
    assert found.state is RunState.CANCELING
    with pytest.raises(NotReady, match="still being stopped"):
        go_on(archive, "tiny", kubeflow, lambda seconds: None)
    assert kubeflow.run(str(first.id)) == found


def test_resumed_while_it_runs(s3_url: str, kubeflow: MemoryKubeflow) -> None:
    """To resume what runs changes nothing."""
    archive = open_archive(s3_url)
    first = submit(archive, file(), kubeflow)
    assert go_on(archive, "tiny", kubeflow) == first
    assert len(kubeflow.runs) == 1


def test_a_run_that_kubeflow_has_forgotten(s3_url: str, kubeflow: MemoryKubeflow) -> None:
    """If the database of Kubeflow was lost, the search goes on with the next run."""
    archive = open_archive(s3_url)
    submit(archive, file(), kubeflow)
    kubeflow.runs.clear()
    resumed = go_on(archive, "tiny", kubeflow)
    assert resumed
    assert resumed.number == 2
