"""Each right of the chart's Role is one without which something fails.

What only Kubeflow's multi-user API asks Kubernetes for is in tests/charts: which of it a step needs.
"""

import json
import time
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any
from uuid import uuid4

import pytest
from kfp import compiler, dsl
from kubernetes import client
from tests.charts.installation import Installation
from tests.cluster.accounts import Right, account
from tests.cluster.reach import IMAGE

from nasflow.kubeflow import RunState
from nasflow.kubeflow.client import connect

pytestmark = pytest.mark.cluster

ARGO = [("workflowtaskresults", "create"), ("workflowtaskresults", "patch")]
"""What Argo's executor does."""

KUBEFLOW = [*ARGO, ("configmaps", "get"), ("pods", "get"), ("secrets", "get")]
"""What it and Kubeflow's driver and launcher do."""

TOKEN = ("serviceaccounts/token", "create")
PATIENCE = 600
"""Seconds for a run of one task."""

SAYING = "/tmp/said"
PROGRAM = f"open({SAYING!r}, 'w').write('well')"


def workflow(name: str) -> dict[str, Any]:
    """A workflow of one pod, whose output Argo's executor has to report."""
    output = {"name": "said", "valueFrom": {"path": SAYING}}
    main = {
        "name": "main",
        "container": {
            "image": IMAGE,
            "imagePullPolicy": "IfNotPresent",
            "command": ["python3", "-c", PROGRAM],
        },
        "outputs": {"parameters": [output]},
    }
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": "nasflow-test-"},
        "spec": {
            "entrypoint": "main",
            "serviceAccountName": name,
            "activeDeadlineSeconds": PATIENCE,
            "templates": [main],
        },
    }


def said(place: Installation, name: str) -> str | None:
    """What a workflow under an account reports; None: it does not come to a good end."""
    api, where = client.CustomObjectsApi(), ("argoproj.io", "v1alpha1", place.namespace, "workflows")
    made = api.create_namespaced_custom_object(*where, workflow(name))["metadata"]["name"]
    deadline = time.monotonic() + 2 * PATIENCE
    try:
        while True:
            status = api.get_namespaced_custom_object(*where, made).get("status", {})
            if status.get("phase") in {"Succeeded", "Failed", "Error"}:
                break
            assert time.monotonic() < deadline, "no Argo takes up workflows in this namespace"
            time.sleep(1)
        (node,) = status["nodes"].values()
    finally:
        api.delete_namespaced_custom_object(*where, made)
    reported = {each["name"]: each.get("value") for each in node.get("outputs", {}).get("parameters", [])}
    return reported.get("said") if status["phase"] == "Succeeded" else None


@pytest.fixture
def argo(release: Installation) -> Installation:
    """A namespace with the chart, in whose cluster Argo is."""
    try:
        release.kubectl("get", "workflows")
    except CalledProcessError:
        pytest.skip("Argo Workflows is not installed")
    return release


def test_all_rights_for_argo(argo: Installation) -> None:
    """With the Role's rights a workflow ends well, and its output is known."""
    with account(argo) as name:
        assert said(argo, name) == "well"


@pytest.mark.parametrize("right", ARGO, ids=" ".join)
def test_one_right_less_for_argo(argo: Installation, right: Right) -> None:
    """Without either of them its output is never known."""
    with account(argo, without=right) as name:
        assert said(argo, name) is None


def test_a_token_of_itself(release: Installation) -> None:
    """Kubernetes gives the steps' account a token for Kubeflow's API if the Role says so, and else none."""
    as_runner = f"system:serviceaccount:{release.namespace}:"
    ask = ("create", "token", "nasflow-runner", "--audience", "pipelines.kubeflow.org", "--as")
    role = json.loads(release.kubectl("get", "role", "nasflow-runner", "--output", "json"))
    if not any(TOKEN[0] in rule["resources"] for rule in role["rules"]):
        pytest.skip("the chart is installed without kfp.multiUser")
    with account(release) as name:
        assert release.kubectl(*ask, as_runner + name)
    with account(release, without=TOKEN) as name, pytest.raises(CalledProcessError):
        release.kubectl(*ask, as_runner + name)


@dsl.component(base_image=IMAGE, install_kfp_package=False)
def speak() -> str:  # noqa: D103
    print("said")
    return "well"


def state_under(place: Installation, name: str, folder: Path) -> RunState:
    """How a run of one task ends on a real Kubeflow, under an account."""

    @dsl.pipeline(name="rights")
    def rights() -> None:
        speak().set_caching_options(False)

    compiler.Compiler().compile(rights, str(folder / "rights.yaml"))
    kubeflow = connect(place.namespace, name)
    title = f"rights-{uuid4().hex[:6]}"
    run = kubeflow.submit(title, (folder / "rights.yaml").read_bytes(), {}, "nasflow-test", name)
    deadline = time.monotonic() + PATIENCE
    while not (view := kubeflow.run(run.id)) or not view.state.is_over:
        if time.monotonic() > deadline:
            kubeflow.terminate(run.id)
            return RunState.UNKNOWN
        time.sleep(2)
    return view.state


def test_all_rights_for_kubeflow(kubeflow: Installation, tmp_path: Path) -> None:
    """With the Role's rights a run succeeds."""
    with account(kubeflow) as name:
        assert state_under(kubeflow, name, tmp_path) is RunState.SUCCEEDED


@pytest.mark.parametrize("right", KUBEFLOW, ids=" ".join)
def test_one_right_less_for_kubeflow(kubeflow: Installation, right: Right, tmp_path: Path) -> None:
    """Without any one of them no run does."""
    with account(kubeflow, without=right) as name:
        assert state_under(kubeflow, name, tmp_path) is not RunState.SUCCEEDED
