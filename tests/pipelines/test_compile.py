from functools import cache
from typing import Any

import pytest
import yaml
from tests.pipelines.golden import CLUSTERS, FOLDER, compiled

from nasflow.pipelines.placement import labels
from nasflow.search.cluster import Cluster

pytestmark = pytest.mark.usefixtures("quick_pipelines")

KINDS = {"search": "advance", "finish": "advance", "compare": "compare"}
"""The pipelines, and the step that ends each."""

NAMES = tuple(f"{name}-{kind}.yaml" for name in CLUSTERS for kind in KINDS)


@cache
def parts(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A compiled pipeline, and what its tasks ask of Kubernetes."""
    pipeline, platform = yaml.safe_load_all(compiled()[name])
    return pipeline, platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]


def tasks(name: str) -> list[dict[str, Any]]:
    """All tasks of a pipeline that run a component's code, at any depth."""
    components = parts(name)[0]["components"]
    groups = [parts(name)[0]["root"], *components.values()]
    found = [task for group in groups for task in group.get("dag", {}).get("tasks", {}).values()]
    return [task for task in found if "executorLabel" in components[task["componentRef"]["name"]]]


@pytest.mark.parametrize("name", NAMES)
def test_golden(name: str) -> None:
    """A change of a compiled pipeline shows in its committed file: `python -m tests.pipelines.golden`."""
    assert compiled()[name] == (FOLDER / name).read_text()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_cached(name: str) -> None:
    """Kubeflow's cache is off for every task: it knows the image's name, not what the store holds."""
    assert tasks(name)
    for task in tasks(name):
        assert not task["cachingOptions"].get("enableCache", False)


@pytest.mark.parametrize("name", NAMES)
def test_every_task_is_tried_again(name: str) -> None:
    """Every task has the retries of the configuration, and time for all of them."""
    cluster = CLUSTERS[name.partition("-")[0]]
    for task in tasks(name):
        policy = task["retryPolicy"]
        assert policy["maxRetryCount"] == cluster.retries
        assert int(policy["backoffMaxDuration"].rstrip("s")) > cluster.train.timeout


@pytest.mark.parametrize("name", NAMES)
def test_pods(name: str) -> None:
    """Every pod runs the one image as no root, with /tmp to write to and the chart's environment."""
    cluster = CLUSTERS[name.partition("-")[0]]
    pipeline, executors = parts(name)
    assert set(pipeline["deploymentSpec"]["executors"]) == set(executors)
    for label, executor in executors.items():
        assert pipeline["deploymentSpec"]["executors"][label]["container"]["image"] == cluster.image
        assert executor["securityContext"] == {"runAsNonRoot": True}
        assert executor["emptyDirMounts"] == [{"mountPath": "/tmp", "volumeName": "tmp"}]
        assert {each["configMapName"] for each in executor["configMapAsEnv"]} == {cluster.config_map}
        named = {each["secretName"] for each in executor.get("secretAsEnv", [])}
        assert named == ({cluster.secret} if cluster.secret else set())
        assert executor["podMetadata"]["labels"] == labels("golden", cluster)


def test_labels() -> None:
    """A pod says whose it is, which search's, which release's of the chart, and which queue it waits in."""
    assert labels("digits", CLUSTERS["steps"]) == {
        "app.kubernetes.io/name": "nasflow",
        "app.kubernetes.io/part-of": "nasflow",
        "nasflow/search": "digits",
        "nasflow/release": "nasflow",
        "kueue.x-k8s.io/queue-name": "gpus",
    }


def test_a_long_name() -> None:
    """A ConfigMap's name may be longer than a label's value, which Kubernetes would refuse with the pod."""
    cluster = Cluster(image="nasflow", config_map="a" * 62 + "-" + "b" * 100)
    assert labels("digits", cluster)["nasflow/release"] == "a" * 62


def test_only_training_holds_the_accelerator() -> None:
    """In the layout of steps, warm-start and evaluate leave the GPU, its nodes and its taints alone."""
    pipeline, executors = parts("steps-search.yaml")
    for label, executor in executors.items():
        resources = pipeline["deploymentSpec"]["executors"][label]["container"]["resources"]
        is_training = label.removeprefix("exec-").partition("-")[0] == "train"
        assert ("accelerator" in resources) == is_training
        assert ("nodeSelector" in executor) == is_training
        assert ("tolerations" in executor) == is_training


def test_rounds_are_unrolled() -> None:
    """A run has as many rounds as the configuration says, each after the one before, with its parallelism."""
    pipeline, _ = parts("steps-search.yaml")
    inside = pipeline["components"]["comp-exit-handler-1"]["dag"]["tasks"]
    assert inside["propose-2"]["dependentTasks"] == ["update"]
    loops = {name: task for name, task in inside.items() if "parameterIterator" in task}
    assert len(loops) == 2
    assert {task["iteratorPolicy"]["parallelismLimit"] for task in loops.values()} == {7}
    assert inside["update"]["dependentTasks"] == [sorted(loops)[0]]


@pytest.mark.parametrize("name", NAMES)
def test_one_step_ends_every_run(name: str) -> None:
    """The last step runs whether the tasks before it have succeeded or failed."""
    root = parts(name)[0]["root"]["dag"]["tasks"]
    last = KINDS[name.removesuffix(".yaml").partition("-")[2]]
    assert root[last]["triggerPolicy"]["strategy"] == "ALL_UPSTREAM_TASKS_COMPLETED"


def test_a_comparison_waits_with_little() -> None:
    """As many searches at once as were asked for, each seen through by a small pod that may wait long."""
    pipeline, executors = parts("fused-compare.yaml")
    (loop,) = pipeline["components"]["comp-exit-handler-1"]["dag"]["tasks"].values()
    assert loop["iteratorPolicy"]["parallelismLimit"] == 3
    resources = pipeline["deploymentSpec"]["executors"]["exec-search"]["container"]["resources"]
    assert "accelerator" not in resources
    assert resources["cpuRequest"] < 0.5
    assert int(executors["exec-search"]["activeDeadlineSeconds"]) > 60 * 24 * 3600
