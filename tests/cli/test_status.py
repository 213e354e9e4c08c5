import json
from pathlib import Path

import pytest
from tests.kubeflow.memory import MemoryKubeflow
from tests.steps.samples import config, open_archive, run_search

from nasflow.backends.cluster import ClusterStatus
from nasflow.backends.comparison import submit_comparison
from nasflow.cli.status import status_facts, status_lines, status_text
from nasflow.kubeflow import RunState
from nasflow.search.cluster import Cluster, Run
from nasflow.search.contenders import contenders, searches
from nasflow.steps.begin import begin
from nasflow.steps.compare import is_comparison, write_comparison
from nasflow.steps.succession import take_up

WANTED = searches(config(name="both"), contenders(("path", "random")), (1,))


@pytest.mark.usefixtures("quick_pipelines")
def test_a_comparison(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its run, a line for what is finished, and what is known of the others; the same as data."""
    monkeypatch.setenv("KUBECONFIG", "/dev/null")
    archive, kubeflow = open_archive(s3_url), MemoryKubeflow()
    submit_comparison(archive, "both", WANTED, "random", Cluster(image="nasflow:1"), kubeflow)
    run_search(s3_url, WANTED[1, "random"])
    assert take_up(archive, "both-path-1", kubeflow)
    told = status_text(archive, "both", kubeflow).splitlines()
    assert told[0] == "comparison both: run id-1: RUNNING"
    assert told[1] == "search     both-path-1: unfinished, 0 children in 0 rounds"
    assert told[2].startswith("  run        1 (search) id-2: RUNNING")
    assert told[-1].startswith("search     both-random-1: finished, ")
    facts = json.loads(json.dumps(status_facts(archive, "both", kubeflow)))
    assert facts["run"]["id"] == "id-1"
    assert [each["status"] for each in facts["searches"].values()] == ["unfinished", "finished"]


def test_a_search_that_is_called_as_a_comparison(tmp_path: Path) -> None:
    """Is meant, where there is one."""
    archive = open_archive(tmp_path)
    write_comparison(archive, "both", {(1, "path"): "both-path-1"}, "path")
    assert is_comparison(archive, "both")
    begin(archive, config(name="both"))
    assert not is_comparison(archive, "both")


@pytest.mark.parametrize(
    ("id", "state", "note", "said"),
    [
        ("x", RunState.RUNNING, None, "x: RUNNING"),
        ("x", None, None, "x: forgotten by Kubeflow"),
        ("x", None, "no answer", "x: not seen"),
        (None, None, None, "is being handed to Kubeflow"),
    ],
)
def test_how_a_run_stands(id: str | None, state: RunState | None, note: str | None, said: str) -> None:
    """A run that is claimed, and not submitted yet, is not one that was forgotten."""
    run = Run(number=3, pipeline="search", progress="", id=id)
    lines = status_lines(ClusterStatus(run, state, False, (), 1, (), note=note), "tiny")
    assert lines[0] == f"run        3 (search) {said}"


def test_what_argo_says_of_a_stop() -> None:
    """To a task that was stopped it says that its time is up, which helps nobody."""
    run = Run(number=1, pipeline="search", progress="", id="x")
    failures = ("executor(0): Step exceeded its deadline", "executor(1): OOMKilled")
    stopped = ClusterStatus(run, RunState.FAILED, True, (), 1, (), failures=failures)
    assert [line for line in status_lines(stopped, "`go`") if line.startswith("argo")] == [
        "argo       executor(1): OOMKilled"
    ]
    assert "stopped    by `nasflow stop`: `go` goes on" in status_lines(stopped, "`go`")


def test_kubeflows_own_pods() -> None:
    """How many there are, and under that why some of them do not begin."""
    run = Run(number=1, pipeline="search", progress="", id="x")
    seen = ClusterStatus(
        run, RunState.RUNNING, False, (), 1, (), helpers=2, hindrances=("ErrImagePull: gone",)
    )
    assert status_lines(seen, "tiny")[1:] == [
        "kubeflow   2 of its own pods at work: they bring up the next steps",
        "           one does not begin: ErrImagePull: gone",
    ]
