import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.base.simulated import Simulated
from tests.steps.interrupted import read_attempts
from tests.steps.samples import config, documents, ledger_of, open_archive

from nasflow.base.errors import KubeflowUnavailable, NasflowError, NotFound, StoreUnavailable
from nasflow.search.cluster import Cluster, Run, Submission, Trouble
from nasflow.search.record import Attempt
from nasflow.steps.archive import Archive
from nasflow.steps.begin import begin
from nasflow.steps.compare import write_comparison
from nasflow.steps.keys import attempt_key, report_key, run_key, submission_key, trouble_key, troubles_prefix
from nasflow.steps.pods import Pod, outlasting_kubeflow


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store with the tiny search, begun, as a pod finds it: in the environment."""
    begin(open_archive(tmp_path / "store"), config())
    monkeypatch.setenv("NASFLOW_STORE", str(tmp_path / "store"))
    for name in ("NASFLOW_KFP_HOST", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "store"


def ignore(name: str, value: float) -> None:
    """Takes a metric and forgets it."""


def test_a_search_by_pods_alone(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ids in, ids out: the tasks of the pipelines, called one by one, finish the search."""
    drawing = tmp_path / "cell.html"
    seen: dict[str, float] = {}
    for _ in range(3):
        for child in Pod("tiny").propose():
            Pod("tiny", child).child(seen.__setitem__, str(drawing))
        Pod("tiny").update(str(tmp_path / "links.md"))
    Pod("tiny").advance(1)
    assert Pod("tiny").propose() == []
    for child in Pod("tiny").select():
        Pod("tiny", child).retrain(ignore, str(drawing))
    Pod("tiny").evaluate_on_test(seen.__setitem__)
    # The finish's last task but one was killed: the last one writes the report all the same.
    Pod("tiny").advance(2)
    assert open_archive(store).store.exists(report_key("tiny"))
    Pod("tiny").register_and_report(str(tmp_path / "report.html"), str(tmp_path / "links.md"))
    finish = ledger_of(store).finish
    assert finish
    assert seen["test_accuracy"] == finish.test_accuracy
    assert seen["parameters"] > 0
    assert "<svg" in drawing.read_text()
    assert "<html" in (tmp_path / "report.html").read_text()
    # A log says what a network is there for, as the report does, and its id, as Kubeflow does.
    start, found = (ledger_of(store).start_spec.id, ledger_of(store).finals[0].spec.id)
    said = capsys.readouterr().out
    assert f"nasflow: to be trained: start network ({start})\n" in said
    assert f"nasflow: start network ({start}): " in said
    assert f"nasflow: found cell at full size, seed 1 ({found}): " in said
    assert re.search(r"nasflow: to be trained: child 1\.1 \(\w{16}\), child 1\.2 ", said)


def test_a_worker_sees_the_rounds_through(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Start network, rounds and lessons are its, the finish is not; a second worker finds nothing to do."""
    Pod("tiny").work(1)
    ledger = ledger_of(store)
    assert len(ledger.rounds) == 2
    assert all(each.update for each in ledger.rounds)
    assert (ledger.stop, ledger.finish) == (None, None)
    said = capsys.readouterr().out
    assert "nasflow: start network (" in said
    assert "nasflow: round 2: 2 to be trained\n" in said
    assert re.search(r"nasflow: child 2\.2 \(\w{16}\): [\d.]+ % held-out  ", said)
    before = documents(open_archive(store))
    Pod("tiny").work(2)
    assert documents(open_archive(store)) == before
    assert len(Pod("tiny").select()) == 1


def test_a_child_that_kills_its_workers(store: Path) -> None:
    """Is given up by one of them, by as many attempts as the cluster grants; the search goes on."""
    archive = open_archive(store)
    cluster = Cluster(image="nasflow:1", layout="workers", retries=0)
    handed = Submission(tag="abcdef", cluster=cluster, search="0" * 64, finish="0" * 64)
    archive.replace(submission_key("tiny"), handed, None)
    child = killed_thrice(archive)
    Pod("tiny").work(1)
    first, second = ledger_of(store).rounds
    assert [each.status for each in first.records if each] == ["failed", "trained"]
    assert first.proposal.children[0] == child
    assert second.update


def killed_thrice(archive: Archive) -> str:
    """The first child of the first round, three attempts at which were killed."""
    (start,) = Pod("tiny").propose()
    Pod("tiny", start).child(ignore, "/dev/null")
    child, _ = Pod("tiny").propose()
    for number in (1, 2, 3):
        killed = Attempt(child=child, number=number, device="cpu", seconds=1, kept_seconds=0, outcome=None)
        archive.replace(attempt_key(child, number), killed, None)
    return child


def test_a_child_that_fails_in_three_pods(store: Path, tmp_path: Path) -> None:
    """No pod of a child that cannot be trained ends with an error: its failure is a result, and is shown. A
    search whose start network fails comes to its end."""
    begin(open_archive(store), config(name="broken", start={"epochs": 1, "learning_rate": 1e9}))
    (child,) = Pod("broken").propose()
    drawing, seen = tmp_path / "cell.html", dict[str, float]()
    Pod("broken", child).warm_start()
    Pod("broken", child).train()
    Pod("broken", child).evaluate(seen.__setitem__, str(drawing))
    assert set(seen) == {"parameters", "mult_adds"}
    assert "at epoch 1, step" in drawing.read_text()
    Pod("broken").update(str(tmp_path / "links.md"))
    assert (Pod("broken").propose(), Pod("broken").select()) == ([], [])
    stop = ledger_of(store, "broken").stop
    assert stop
    assert stop.reason == "failures"
    Pod("broken").register_and_report(str(tmp_path / "report.html"), str(tmp_path / "links.md"))
    assert "stopped: failures" in (tmp_path / "report.html").read_text()


DYING = """
import os, sys
class Deadly:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            os._exit(137)
sys.meta_path.insert(0, Deadly())
from nasflow.steps.pods import Pod
getattr(Pod("tiny", sys.argv[2]), sys.argv[1])(*map({"log": print, "file": os.devnull}.get, sys.argv[3:]))
"""
"""A pod whose memory does not even suffice for torch."""


@pytest.mark.parametrize(
    "step", [("warm_start",), ("train",), ("evaluate", "log", "file"), ("child", "log", "file")]
)
def test_a_pod_that_dies_on_the_way_in(step: tuple[str, ...], store: Path) -> None:
    """It has made an attempt, whichever step it was for, so that its child is given up in time."""
    (child,) = Pod("tiny").propose()
    name, *arguments = step
    done = subprocess.run([sys.executable, "-c", DYING, name, child, *arguments], check=False)
    assert done.returncode == 137
    (attempt,) = read_attempts(store, child)
    assert (attempt.outcome, attempt.kept_seconds) == (None, 0)


def test_without_a_store(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A pod without NASFLOW_STORE says which object should have given it."""
    monkeypatch.delenv("NASFLOW_STORE", raising=False)
    with pytest.raises(SystemExit) as end:
        Pod("tiny").propose()
    assert end.value.code == 2
    assert "NASFLOW_STORE is not set" in capsys.readouterr().err


def test_an_error_is_one_line_and_a_record(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a step fails with is one line, and is kept in the store in the order of failures, with its run."""
    archive = open_archive(store)
    for number in range(2):
        if number:
            run = Run(number=3, pipeline="search", progress="", id="run-id")
            archive.replace(run_key("tiny", 3), run, None)
        with pytest.raises(SystemExit) as end:
            Pod("tiny", "0123456789abcdef").train()
        assert end.value.code == 4
    assert "nasflow: error: " in capsys.readouterr().err
    assert len(archive.store.list(troubles_prefix("tiny"))) == 2
    trouble = archive.read(trouble_key("tiny", 2), Trouble)
    assert (trouble.step, trouble.child) == ("train", "0123456789abcdef")
    assert "NotFound" in trouble.reason
    assert [archive.read(trouble_key("tiny", each), Trouble).run for each in (1, 2)] == [None, 3]


def test_a_run_that_cannot_be_read_costs_no_record(store: Path) -> None:
    """Which run an error was of matters less than the error."""
    archive = open_archive(store)
    archive.store.create(run_key("tiny", 1), b"no document")
    with pytest.raises(SystemExit):
        Pod("tiny", "0123456789abcdef").train()
    assert archive.read(trouble_key("tiny", 1), Trouble).run is None


def test_a_bug_keeps_its_traceback(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody expected goes on to Kubeflow's executor as it is, and is kept too."""

    def broken(archive: Archive, search: str) -> tuple[str, ...]:
        raise RuntimeError("no such kernel")

    monkeypatch.setattr("nasflow.steps.turn.children_to_train", broken)
    with pytest.raises(RuntimeError):
        Pod("tiny").propose()
    assert open_archive(store).read(trouble_key("tiny", 1), Trouble).reason == "RuntimeError: no such kernel"


def test_a_report_before_the_end(store: Path) -> None:
    """A search that is not finished is not registered."""
    with pytest.raises(SystemExit):
        Pod("tiny").register_and_report("/dev/null", "/dev/null")


def test_a_search_that_nobody_can_follow(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where Kubeflow is not named, a pod that is to see a search through says which object names it."""
    with pytest.raises(SystemExit) as end:
        Pod("tiny").search()
    assert end.value.code == 2
    assert "NASFLOW_KFP_HOST is not set: the chart's ConfigMap" in capsys.readouterr().err


def test_a_comparison_that_has_only_begun(store: Path, tmp_path: Path) -> None:
    """Tables and curves are told of what there is; a comparison that nobody has submitted is an error."""
    write_comparison(open_archive(store), "both", {(1, "path"): "tiny"}, "path")
    Pod().compare("both", str(tmp_path / "tables.md"), str(tmp_path / "curves.html"))
    assert "| 1 | path | 0 |" in (tmp_path / "tables.md").read_text()
    assert "<svg" in (tmp_path / "curves.html").read_text()
    with pytest.raises(SystemExit) as end:
        Pod().compare("other", str(tmp_path / "tables.md"), str(tmp_path / "curves.html"))
    assert end.value.code == 4


def failing(*errors: NasflowError) -> tuple[Callable[[], None], list[str]]:
    """An action that raises these errors, one a call, and then works; and what it did."""
    left, done = list(errors), list[str]()

    def act() -> None:
        if left:
            raise left.pop(0)
        done.append("worked")

    return act, done


def test_advance_outlasts_an_absence() -> None:
    """A Kubeflow that is away for some minutes does not end the chain of runs."""
    act, done = failing(*[KubeflowUnavailable("restarting")] * 40)
    clock = Simulated()
    outlasting_kubeflow(act, clock)
    assert done == ["worked"]
    assert 120 < clock.now() < 600


def test_advance_gives_up_at_last() -> None:
    """A Kubeflow that is away for good is an error after a quarter of an hour."""
    act, done = failing(*[KubeflowUnavailable("gone")] * 1000)
    clock = Simulated()
    with pytest.raises(KubeflowUnavailable):
        outlasting_kubeflow(act, clock)
    assert clock.now() == pytest.approx(900)
    assert done == []


@pytest.mark.parametrize("error", [NotFound("never submitted"), StoreUnavailable("waited for already")])
def test_advance_does_not_wait_for_the_store(error: NasflowError) -> None:
    """What a store does not hold is an error at once; and one that is away was waited for already."""
    act, _ = failing(error)
    clock = Simulated()
    with pytest.raises(type(error)):
        outlasting_kubeflow(act, clock)
    assert clock.waits == []
