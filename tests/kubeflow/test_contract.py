"""What holds for every Kubeflow; the real one takes part where NASFLOW_KFP_HOST names it."""

import os
from typing import Any
from uuid import uuid4

import pytest
from tests.kubeflow.memory import MemoryKubeflow

from nasflow.kubeflow import Kubeflow

NOTHING = b"""\
# A pipeline of one task that an image of every cluster with Kubeflow can run: none; it is ended at once.
components:
  comp-wait:
    executorLabel: exec-wait
    inputDefinitions:
      parameters:
        search: {parameterType: STRING}
        number: {parameterType: NUMBER_INTEGER}
deploymentSpec:
  executors:
    exec-wait:
      container: {image: 'nasflow:nothing', command: [sleep, '600']}
pipelineInfo: {name: nasflow-contract}
root:
  dag:
    tasks:
      wait:
        cachingOptions: {}
        componentRef: {name: comp-wait}
        inputs:
          parameters:
            search: {componentInputParameter: search}
            number: {componentInputParameter: number}
        taskInfo: {name: wait}
  inputDefinitions:
    parameters:
      search: {parameterType: STRING}
      number: {parameterType: NUMBER_INTEGER}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.3
"""


@pytest.fixture(params=["memory", pytest.param("real", marks=pytest.mark.cluster)])
def kubeflow(request: pytest.FixtureRequest) -> Kubeflow:
    """Each Kubeflow there is."""
    if request.param == "memory":
        return MemoryKubeflow()
    if "NASFLOW_KFP_HOST" not in os.environ:
        pytest.skip("NASFLOW_KFP_HOST names no Kubeflow Pipelines")
    from nasflow.kubeflow.client import connect

    return connect(os.environ.get("NASFLOW_TEST_NAMESPACE", "kubeflow"))


def submit(kubeflow: Kubeflow, name: str) -> Any:
    """A run of this name."""
    return kubeflow.submit(name, NOTHING, {"search": name, "number": 1}, experiment="contract", account=None)


def test_a_run_is_found_by_its_name(kubeflow: Kubeflow) -> None:
    """A submitted run is found by its name and by its id; a name that nobody gave is not."""
    name = f"contract-{uuid4().hex[:8]}"
    assert kubeflow.find(name) is None
    run = submit(kubeflow, name)
    found, by_id = kubeflow.find(name), kubeflow.run(run.id)
    kubeflow.terminate(run.id)
    assert found
    assert by_id
    assert found.id == by_id.id == run.id
    assert found.name == name


def test_the_newest_of_a_name(kubeflow: Kubeflow) -> None:
    """Of two runs of one name the newer one is found."""
    name = f"contract-{uuid4().hex[:8]}"
    first, second = submit(kubeflow, name), submit(kubeflow, name)
    found = kubeflow.find(name)
    for run in (first, second):
        kubeflow.terminate(run.id)
    assert found
    assert found.id == second.id


def test_a_terminated_run_may_be_terminated_again(kubeflow: Kubeflow) -> None:
    """To end a run that is over, or one that nobody knows, does nothing."""
    run = submit(kubeflow, f"contract-{uuid4().hex[:8]}")
    kubeflow.terminate(run.id)
    kubeflow.terminate(run.id)
    kubeflow.terminate("00000000-0000-0000-0000-000000000000")
    assert kubeflow.run("00000000-0000-0000-0000-000000000000") is None
