from contextlib import suppress
from pathlib import Path

import pytest
from tests.kubeflow.memory import MemoryKubeflow
from tests.steps.samples import config, documents, failed, open_archive

from nasflow.base.errors import DataSetMissing, NotFound, Stuck
from nasflow.kubeflow import RunState
from nasflow.search.cluster import Cluster, Run, Submission, Trouble
from nasflow.search.record import Attempt
from nasflow.steps.archive import Archive
from nasflow.steps.attempts import AttemptLog, last_attempt
from nasflow.steps.begin import begin
from nasflow.steps.child import run_child, train, warm_start
from nasflow.steps.keys import attempts_prefix, run_key, submission_key, trouble_key
from nasflow.steps.records import find_record
from nasflow.steps.succession import follow, give_up_hopeless, measure_progress, read_submission
from nasflow.steps.turn import children_to_train
from nasflow.store import put_blob


@pytest.fixture
def kubeflow() -> MemoryKubeflow:
    """A Kubeflow without runs."""
    return MemoryKubeflow()


def submitted(archive: Archive, halted: bool = False) -> Archive:
    """The tiny search, handed to Kubeflow."""
    submission = Submission(
        tag="abcdef",
        cluster=Cluster(image="nasflow", retries=2),
        search=put_blob(archive.store, b"rounds"),
        finish=put_blob(archive.store, b"finish"),
        halted=halted,
    )
    archive.replace(submission_key("tiny"), submission, None)
    return archive


def begun(folder: Path) -> Archive:
    """A new search in a store of its own, handed to Kubeflow."""
    archive = open_archive(folder / "store")
    begin(archive, config())
    return submitted(archive)


def never(seconds: float) -> None:
    """Waits for nobody."""
    raise AssertionError(f"waited {seconds} s")


def test_the_first_run(tmp_path: Path, kubeflow: MemoryKubeflow) -> None:
    """The first run has number 1 and gets ids alone; asked again, the same run is meant."""
    archive = begun(tmp_path)
    first = follow(archive, "tiny", kubeflow, after=0, wait=never)
    again = follow(open_archive(tmp_path / "store"), "tiny", kubeflow, after=0, wait=never)
    assert first == again
    assert [run.name for run in kubeflow.runs] == ["tiny-abcdef-0001"]
    assert kubeflow.arguments == [{"search": "tiny", "number": 1}]
    assert kubeflow.pipelines == [b"rounds"]


def test_a_run_that_added_something_has_a_successor(tmp_path: Path, kubeflow: MemoryKubeflow) -> None:
    """After a run that trained the start network comes the next one."""
    archive = begun(tmp_path)
    follow(archive, "tiny", kubeflow, after=0, wait=never)
    for child in children_to_train(archive, "tiny"):
        run_child(archive, child)
    second = follow(archive, "tiny", kubeflow, after=1, wait=never)
    assert second
    assert second.number == 2
    assert len(kubeflow.runs) == 2


def test_a_run_that_added_nothing_has_none(tmp_path: Path, kubeflow: MemoryKubeflow) -> None:
    """A broken image or cluster would else be tried for ever; a person may ask for one more run."""
    archive = begun(tmp_path)
    follow(archive, "tiny", kubeflow, after=0, wait=never)
    with pytest.raises(Stuck, match="nasflow resume tiny"):
        follow(archive, "tiny", kubeflow, after=1, wait=never)
    assert follow(archive, "tiny", kubeflow, after=1, is_asked=True, wait=never)


def test_none_follows_a_stopped_search(tmp_path: Path, kubeflow: MemoryKubeflow) -> None:
    """`nasflow stop` holds even if the last task of the stopped run still asks."""
    archive = open_archive(tmp_path / "store")
    begin(archive, config())
    submitted(archive, halted=True)
    assert follow(archive, "tiny", kubeflow, after=0, wait=never) is None
    assert kubeflow.runs == []


def test_none_follows_a_finished_search(finished: Path, kubeflow: MemoryKubeflow) -> None:
    """When nothing is left to do, nothing is submitted."""
    assert follow(submitted(open_archive(finished)), "tiny", kubeflow, after=3, wait=never) is None


def test_the_finish_is_a_run_of_its_own(finished: Path, kubeflow: MemoryKubeflow) -> None:
    """When the budget is spent, the other pipeline follows."""
    archive = open_archive(finished)
    archive.store.delete("searches/tiny/finishes/0002/finish.json")
    run = follow(submitted(archive), "tiny", kubeflow, after=3, wait=never)
    assert run
    assert run.pipeline == "finish"
    assert kubeflow.pipelines == [b"finish"]


def test_a_claim_without_a_run_is_taken_over(tmp_path: Path, kubeflow: MemoryKubeflow) -> None:
    """Whoever claimed the run and died is waited for, and then the run is submitted, once."""
    archive = begun(tmp_path)
    archive.replace(run_key("tiny", 1), Run(number=1, pipeline="search", progress="?"), None)
    waited: list[float] = []
    run = follow(archive, "tiny", kubeflow, after=0, wait=waited.append)
    assert run
    assert run.id == "id-1"
    assert sum(waited) > 10
    assert len(kubeflow.runs) == 1


def test_a_run_that_was_submitted_by_the_dead_is_found(tmp_path: Path, kubeflow: MemoryKubeflow) -> None:
    """Killed between the submission and its record: the run is known by its name, not submitted twice."""
    archive = begun(tmp_path)
    archive.replace(run_key("tiny", 1), Run(number=1, pipeline="search", progress="?"), None)
    kubeflow.submit("tiny-abcdef-0001", b"rounds", {}, experiment="tiny", account=None)
    run = follow(archive, "tiny", kubeflow, after=0, wait=lambda seconds: None)
    assert run
    assert run.id == "id-1"
    assert len(kubeflow.runs) == 1


def test_a_search_that_was_never_submitted(tmp_path: Path, kubeflow: MemoryKubeflow) -> None:
    """It is named, with the command that submits it."""
    archive = open_archive(tmp_path / "store")
    begin(archive, config())
    with pytest.raises(NotFound, match="nasflow submit"):
        follow(archive, "tiny", kubeflow, after=0, wait=never)


def killed(archive: Archive, child: str, kept: bool = False) -> None:
    """An attempt at a child that ends without a word."""
    log = AttemptLog.opened(archive, child, last_attempt(archive, child) + 1)
    assert log
    if kept:
        log.keep()


def test_a_child_that_is_killed_every_time(archive: Archive, child: str) -> None:
    """After as many kills as a task has attempts the child is a failed one, with the reason."""
    warm_start(archive, child)
    killed(archive, child)
    killed(archive, child)
    assert give_up_hopeless(archive, "tiny", patience=3) == ()
    killed(archive, child)
    assert give_up_hopeless(archive, "tiny", patience=3) == (child,)
    failure = failed(find_record(archive, child)).failure
    assert "3 attempts ended before another epoch was kept, the last one: killed" in failure


def test_a_killed_child_does_not_stop_the_search(
    archive: Archive, child: str, kubeflow: MemoryKubeflow
) -> None:
    """A run all of whose attempts were killed has a successor; after a second one the child is given up."""
    submitted(archive)
    warm_start(archive, child)
    attempts = read_submission(archive, "tiny")[0].cluster.retries + 1
    for number in range(2):
        follow(archive, "tiny", kubeflow, after=number, wait=never)
        for _ in range(attempts):
            killed(archive, child)
    assert [run.name[-4:] for run in kubeflow.runs] == ["0001", "0002"]
    assert find_record(archive, child) is None
    follow(archive, "tiny", kubeflow, after=2, wait=never)
    assert failed(find_record(archive, child))


def test_a_missing_volume_is_not_held_against_a_child(
    archive: Archive, child: str, kubeflow: MemoryKubeflow
) -> None:
    """However often its images were not there, it is not given up; no run follows by itself."""
    submitted(archive)
    warm_start(archive, child)
    follow(archive, "tiny", kubeflow, after=0, wait=never)
    for _ in range(10):
        log = AttemptLog.opened(archive, child, last_attempt(archive, child) + 1)
        assert log
        with suppress(DataSetMissing), log:
            raise DataSetMissing("not mounted")
    with pytest.raises(Stuck, match="nasflow resume tiny"):
        follow(archive, "tiny", kubeflow, after=1, wait=never)
    assert find_record(archive, child) is None


def test_the_start_network_is_never_given_up(tmp_path: Path, kubeflow: MemoryKubeflow) -> None:
    """Without it there is no search: killed again and again it makes the search wait for a person."""
    archive = begun(tmp_path)
    (start,) = children_to_train(archive, "tiny")
    follow(archive, "tiny", kubeflow, after=0, wait=never)
    for _ in range(5):
        killed(archive, start)
    with pytest.raises(Stuck):
        follow(archive, "tiny", kubeflow, after=1, wait=never)
    assert find_record(archive, start) is None


def test_a_person_gives_up_nobody(archive: Archive, child: str, kubeflow: MemoryKubeflow) -> None:
    """A child whose attempts were ended by stops may still be at work: only a run's last task gives it up."""
    submitted(archive)
    for _ in range(5):
        killed(archive, child)
    follow(archive, "tiny", kubeflow, after=0, is_asked=True, wait=never)
    assert find_record(archive, child) is None


def test_what_a_step_said_is_the_reason(archive: Archive, child: str) -> None:
    """A child that was given up tells what its last step wrote down before it failed."""
    warm_start(archive, child)
    killed(archive, child)
    trouble = Trouble(step="train", child=child, pod="pod-1", reason="RuntimeError: no such kernel")
    archive.create(trouble_key("tiny", 1), trouble)
    assert give_up_hopeless(archive, "tiny", patience=1) == (child,)
    assert "no such kernel" in failed(find_record(archive, child)).failure


def test_a_child_that_comes_further_each_time(archive: Archive, child: str) -> None:
    """On spot nodes children are killed often: who keeps an epoch at each attempt is not given up."""
    for _ in range(4):
        killed(archive, child, kept=True)
    assert give_up_hopeless(archive, "tiny", patience=3) == ()
    attempts = archive.store.list(attempts_prefix(child))
    assert [archive.find_changing(key, Attempt)[0] is not None for key in attempts] == [True] * 4


def test_progress_changes_with_each_step(archive: Archive, child: str) -> None:
    """Every document, epoch and attempt of a child changes the measure; to ask changes nothing."""
    before = documents(archive)
    seen = [measure_progress(archive, "tiny"), measure_progress(archive, "tiny")]
    assert seen[0] == seen[1]
    assert documents(archive) == before
    warm_start(archive, child)
    seen.append(measure_progress(archive, "tiny"))
    for until in (1, 2, None):
        train(archive, child, until=until)
        seen.append(measure_progress(archive, "tiny"))
    assert len(set(seen)) == 5


def test_state_of_an_ended_run() -> None:
    """A state that may still change is no end."""
    over = {state for state in RunState if state.is_over}
    assert over == {RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELED, RunState.SKIPPED}
