"""A search on a real Kubeflow, as a user has it: submitted, followed, finished."""

import json
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.charts.installation import Installation
from tests.cli.calling import call, write_config
from tests.cluster.reach import IMAGE, ONE_ROUND, assert_same_as_inline, assert_shown, laptop
from tests.steps.samples import config

from nasflow.kubeflow import RunState

pytestmark = pytest.mark.cluster

GPU = "nvidia.com/gpu"
PATIENCE = 2400
"""Seconds; three runs took 17 minutes on two cores that were busy with other tests."""


@pytest.fixture
def gpu(kubeflow: Installation) -> Iterator[str]:
    """A resource that some node has: where none has GPUs, the first one says that it has two."""
    nodes = json.loads(kubeflow.kubectl("get", "nodes", "--output", "json"))["items"]
    if any(int(node["status"]["allocatable"].get(GPU, 0)) for node in nodes):
        yield GPU
        return
    node = nodes[0]["metadata"]["name"]
    patch_status(kubeflow, node, "add", {"value": "2"})
    yield GPU
    patch_status(kubeflow, node, "remove", {})


def patch_status(kubeflow: Installation, node: str, operation: str, value: dict[str, str]) -> None:
    """Change what a node says it has of the GPU."""
    key = GPU.replace("/", "~1")
    patch = [
        {"op": operation, "path": f"/status/{part}/{key}", **value} for part in ("capacity", "allocatable")
    ]
    kubeflow.kubectl(
        "patch", "node", node, "--subresource=status", "--type=json", "--patch", json.dumps(patch)
    )


def test_a_search_on_kubeflow(
    kubeflow: Installation, gpu: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Submitted twice it is one search; its runs follow each other to the ledger of one process."""
    # A seed of its own: what this store's bank holds of an earlier test is trained again.
    wanted: dict[str, Any] = {"name": f"e2e-{uuid4().hex[:6]}", "seed": random.randrange(10**6), **ONE_ROUND}
    cluster = {
        "image": IMAGE,
        "namespace": kubeflow.namespace,
        "rounds_per_run": 1,
        "light": {"cpu": "200m", "memory": "2Gi"},
        "train": {"cpu": "500m", "memory": "2Gi", "accelerator": gpu},
    }
    file = write_config(tmp_path, **wanted, cluster=cluster)
    with laptop(kubeflow, monkeypatch) as url:
        first = call("submit", file, "--store", url, "--json").json
        assert call("submit", file, "--store", url, "--json").json == first
        status = wait_for_end(wanted["name"], url)
        assert (status["state"], status["status"]) == (RunState.SUCCEEDED, "finished"), status
        assert status["run"]["number"] >= 3
        assert_same_as_inline(url, config(**wanted), tmp_path)
        assert_shown(url, wanted["name"], os.environ["MLFLOW_TRACKING_URI"])
        assert_labelled(kubeflow, wanted["name"])


def assert_labelled(kubeflow: Installation, search: str) -> None:
    """Kubeflow has given each pod of a search the label by which the chart's policies know it."""
    selector = f"nasflow/search={search}"
    found = json.loads(kubeflow.kubectl("get", "pods", "--selector", selector, "--output", "json"))["items"]
    assert {pod["metadata"]["labels"].get("nasflow/release") for pod in found} == {"nasflow"}


def wait_for_end(search: str, url: str) -> dict[str, Any]:
    """What `nasflow status` says when the newest run is over: the next one would have been submitted."""
    deadline = time.monotonic() + PATIENCE
    while True:
        # A poll may fail: a busy API server, a forwarded port that is set up again.
        said = call("status", search, "--store", url, "--json")
        status: dict[str, Any] = said.json if said.code == 0 else {}
        if status.get("state") and RunState(status["state"]).is_over:
            return status
        assert time.monotonic() < deadline, status or said.err
        time.sleep(5)
