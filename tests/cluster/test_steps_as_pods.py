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
from nasflow.steps.archive import Archive
from nasflow.steps.begin import begin
from nasflow.steps.child import train, warm_start
from nasflow.steps.keys import attempts_prefix, birth_key, checkpoint_key, report_key, training_key
from nasflow.steps.ledger import read_ledger
from nasflow.steps.table import Step

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
    (start,) = pods.run(Step.PROPOSE, search)
    run_in_three(pods, search, start)
    pods.run(Step.UPDATE, search)
    first, second = pods.run(Step.PROPOSE, search)
    other = pods.start(Step.CHILD, search, second)
    run_in_three(pods, search, first)
    pods.end(other)
    pods.run(Step.UPDATE, search)
    assert pods.run(Step.PROPOSE, search) == []
    pods.run(Step.ADVANCE, search)
    for finalist in pods.run(Step.SELECT, search):
        pods.run(Step.RETRAIN, search, finalist)
    pods.run(Step.EVALUATE_ON_TEST, search)
    pods.run(Step.REGISTER_AND_REPORT, search)
    assert_same_as_inline(url, config(**ONE_ROUND), tmp_path)
    assert_shown(url, search, os.environ["MLFLOW_TRACKING_URI"])
    assert open_archive(url).store.exists(report_key(search))


def run_in_three(pods: Pods, search: str, child: str) -> None:
    """A child in the layout of three tasks."""
    for step in (Step.WARM_START, Step.TRAIN, Step.EVALUATE):
        pods.run(step, search, child)


def test_a_pod_deleted_in_the_middle_of_training(pods: Pods, url: str, tmp_path: Path) -> None:
    """A child whose pod is deleted at once, and started again, has the weights of one that never was."""
    wanted = config(name="killed", start=LONG)
    archive = open_archive(url)
    child = born(archive, wanted)
    pod = pods.start(Step.TRAIN, "killed", child)
    wait_for_checkpoint(archive, child)
    pods.kill(pod)
    pods.run(Step.TRAIN, "killed", child)
    ours = open_archive(tmp_path / "inline")
    assert born(ours, wanted) == child
    unharmed = train(ours, child)
    assert isinstance(unharmed, TrainingRecord)
    assert archive.read(training_key(child), TrainingRecord) == unharmed
    # Its birth, the training that was killed, and the one that went on.
    assert len(archive.store.list(attempts_prefix(child))) == 3


def born(archive: Archive, wanted: SearchConfig) -> str:
    """The start network of a new search, built and not trained."""
    start = read_ledger(archive, begin(archive, wanted)).start_spec
    warm_start(archive, start.id)
    assert archive.read(birth_key(start.id), BirthRecord).child == start.id
    return start.id


def wait_for_checkpoint(archive: Archive, child: str) -> None:
    """Until an epoch is kept; the training must not be over by then."""
    deadline = time.monotonic() + PATIENCE
    while not archive.store.exists(checkpoint_key(child)):
        assert time.monotonic() < deadline, f"no checkpoint of {child}"
        assert not archive.store.exists(training_key(child)), "trained before it could be killed"
        time.sleep(0.2)
