"""Each step as a pod under the chart's account, against the store and the MLflow that the chart made."""

import os
import time
from pathlib import Path

import pytest
from tests.charts.installation import Installation
from tests.cluster.pods import PATIENCE, Pods
from tests.cluster.reach import ONE_ROUND, assert_same_as_inline, assert_shown
from tests.steps.samples import config, open_archive

from nasflow.search.config import SearchConfig
from nasflow.search.record import BirthRecord, TrainingRecord
from nasflow.steps.archive import Archive, child_key
from nasflow.steps.begin import begin
from nasflow.steps.ledger import read_ledger
from nasflow.steps.publish import report_key
from nasflow.steps.train import train
from nasflow.steps.warm_start import warm_start

pytestmark = pytest.mark.cluster

LONG = {"epochs": 100, "learning_rate": 0.05}
"""A training with time to be killed in."""


@pytest.fixture
def pods(installation: Installation) -> Pods:
    """Steps in the chart's namespace."""
    return Pods(installation.namespace)


def test_a_whole_search(pods: Pods, url: str, tmp_path: Path) -> None:
    """Every step, a pod each, brings a search to the ledger of one process; MLflow and bucket show it."""
    search = begin(open_archive(url), config(**ONE_ROUND))
    (start,) = pods.run("propose", search)
    run_in_three(pods, search, start)
    pods.run("update", search)
    first, second = pods.run("propose", search)
    other = pods.start("child", search, second)
    run_in_three(pods, search, first)
    pods.end(other)
    pods.run("update", search)
    assert pods.run("propose", search) == []
    pods.run("advance", search)
    for finalist in pods.run("select", search):
        pods.run("retrain", search, finalist)
    pods.run("evaluate-on-test", search)
    pods.run("register-and-report", search)
    assert_same_as_inline(url, config(**ONE_ROUND), tmp_path)
    assert_shown(url, search, os.environ["MLFLOW_TRACKING_URI"])
    assert open_archive(url).store.exists(report_key(search))


def run_in_three(pods: Pods, search: str, child: str) -> None:
    """A child in the layout of three tasks."""
    for step in ("warm-start", "train", "evaluate"):
        pods.run(step, search, child)


def test_a_pod_deleted_in_the_middle_of_training(pods: Pods, url: str, tmp_path: Path) -> None:
    """A child whose pod is deleted at once, and started again, has the weights of one that never was."""
    wanted = config(name="killed", start=LONG)
    archive = open_archive(url)
    child = born(archive, wanted)
    pod = pods.start("train", "killed", child)
    wait_for_checkpoint(archive, child)
    pods.kill(pod)
    pods.run("train", "killed", child)
    ours = open_archive(tmp_path / "inline")
    assert born(ours, wanted) == child
    unharmed = train(ours, child)
    assert unharmed.weights
    assert archive.read(child_key(child, "training"), TrainingRecord) == unharmed
    assert len(archive.store.list(f"children/{child}/attempts/")) == 2


def born(archive: Archive, wanted: SearchConfig) -> str:
    """The start network of a new search, built and not trained."""
    start = read_ledger(archive, begin(archive, wanted)).start_spec
    assert start
    warm_start(archive, start.id)
    assert archive.read(child_key(start.id, "birth"), BirthRecord).weights
    return start.id


def wait_for_checkpoint(archive: Archive, child: str) -> None:
    """Until an epoch is kept; the training must not be over by then."""
    deadline = time.monotonic() + PATIENCE
    while not archive.store.exists(child_key(child, "checkpoint")):
        assert time.monotonic() < deadline, f"no checkpoint of {child}"
        assert not archive.store.exists(child_key(child, "training")), "trained before it could be killed"
        time.sleep(0.2)
