from datetime import UTC, datetime, timedelta
from typing import Any

from kubernetes import client

from nasflow.kubeflow.pods import PodView, cannot_begin, hindrances, idle_since, own_lines, view

LOG = """\
time="2026-11-25T23:56:01Z" level=info msg="capturing logs" argo=true
I1125 23:56:02.579742      15 launcher_v2.go:867] input ComponentSpec:{
  "inputs": {}
}
[KFP Executor 2026-11-25 23:56:03,000 INFO]: Looking for component `train`
nasflow: train kd 816456b7c2ec2e33
Traceback (most recent call last):
  File "x.py", line 1, in <module>
ValueError: said by the step
I1125 23:56:18.579742      15 launcher_v2.go:867] Executing uploadOutputArtifacts attempt: 1
nasflow: error: and one line more
"""

INPUT = '{"inputs":{"parameterValues":{"search":"kd","child":"816456b7c2ec2e33"}},"outputs":{}}'


def pod(*, task: str | None = "warm_start", node: str = "executor(0)", **status: Any) -> Any:
    """A pod as Kubernetes describes one of Kubeflow's."""
    words = ["launch", "--executor_input", INPUT, "--", "sh"]
    words += ["--executor_input", "{{$}}", "--function_to_execute", task] if task else []
    container = client.V1Container(name="main", command=words[:1], args=words[1:])
    return client.V1Pod(
        metadata=client.V1ObjectMeta(name="pod-1", annotations={"workflows.argoproj.io/node-name": node}),
        spec=client.V1PodSpec(containers=[client.V1Container(name="wait"), container]),
        status=client.V1PodStatus(**status),
    )


def state(**kind: Any) -> Any:
    """The status of a main container."""
    return client.V1ContainerStatus(
        name="main",
        image="i",
        image_id="",
        ready=False,
        restart_count=0,
        state=client.V1ContainerState(**kind),
    )


def test_only_the_steps_own_lines() -> None:
    """Kubeflow's and Argo's lines go, with all that they spread over; a traceback of the step stays whole."""
    assert own_lines(LOG.splitlines()) == [
        "nasflow: train kd 816456b7c2ec2e33",
        "Traceback (most recent call last):",
        '  File "x.py", line 1, in <module>',
        "ValueError: said by the step",
        "nasflow: error: and one line more",
    ]


def test_a_pod_that_was_deleted() -> None:
    """Until it is gone Kubernetes calls it running; nobody should wait for it."""
    gone = pod(phase="Running")
    gone.metadata.deletion_timestamp = "2026-11-30T04:35:35Z"
    assert (view(pod(phase="Running")).phase, view(gone).phase) == ("Running", "Terminating")


def test_what_runs() -> None:
    """Component, child and attempt are read from the pod alone."""
    found = view(pod(node="x(0).child(0).executor(2)", phase="Running"))
    assert found == PodView("pod-1", "warm-start", "816456b7c2ec2e33", 3, "Running", None)


def test_kubeflows_own_pods_have_no_task() -> None:
    """A driver executes no step."""
    assert view(pod(task=None, phase="Succeeded")).task == ""


def test_what_cannot_begin() -> None:
    """Only where all that has not ended is held up: what begins, or runs, will end."""
    waiting = client.V1ContainerStateWaiting(reason="ErrImagePull", message="no such image")
    held = pod(phase="Pending", container_statuses=[state(waiting=waiting)])
    assert cannot_begin([pod(phase="Succeeded"), held])
    for other in (pod(phase="Running"), pod(phase="Pending")):
        assert not cannot_begin([held, other])
    assert not cannot_begin([pod(phase="Failed")])
    assert not cannot_begin([])


def test_why_kubeflows_own_pods_do_not_begin() -> None:
    """Each reason once; of those that only begin, nothing."""
    said = "container has runAsNonRoot and image will run as root"
    waiting = client.V1ContainerStateWaiting(reason="CreateContainerConfigError", message=said)
    stuck = pod(task=None, phase="Pending", init_container_statuses=[state(waiting=waiting)])
    begins = client.V1ContainerStateWaiting(reason="PodInitializing")
    new = pod(task=None, phase="Pending", container_statuses=[state(waiting=begins)])
    assert hindrances([stuck, new, stuck]) == (f"CreateContainerConfigError: {said}",)


def test_why_it_waits_for_a_node() -> None:
    """An unschedulable pod says what the scheduler says."""
    said = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."
    condition = client.V1PodCondition(
        type="PodScheduled", status="False", reason="Unschedulable", message=said
    )
    assert view(pod(phase="Pending", conditions=[condition])).reason == said


def test_why_it_waits_for_its_image() -> None:
    """A container that cannot start says why."""
    waiting = client.V1ContainerStateWaiting(reason="ErrImagePull", message="not found")
    found = view(pod(phase="Pending", container_statuses=[state(waiting=waiting)]))
    assert found.reason == "ErrImagePull: not found"


def test_why_it_died() -> None:
    """A container killed for memory says so."""
    ended = client.V1ContainerStateTerminated(exit_code=137, reason="OOMKilled")
    found = view(pod(phase="Failed", container_statuses=[state(terminated=ended)]))
    assert found.reason == "OOMKilled (exit code 137)"


def test_since_when_nothing_is_at_work() -> None:
    """Since its workflow was made, and then since its last pod ended; not while one waits or works."""
    made, ended = datetime(2026, 11, 30, 8, tzinfo=UTC), datetime(2026, 11, 30, 9, tzinfo=UTC)
    workflows: list[dict[str, Any]] = [{"metadata": {"creationTimestamp": "2026-11-30T08:00:00Z"}}]
    done = pod(
        phase="Succeeded",
        container_statuses=[
            state(terminated=client.V1ContainerStateTerminated(exit_code=0, finished_at=ended))
        ],
    )
    assert idle_since([], workflows) == made
    assert idle_since([done], workflows) == ended
    assert idle_since([done, pod(phase="Pending")], workflows) is None
    assert idle_since([], []) is None
    # Where pods are deleted as soon as they have ended.
    nodes = {"1": {"finishedAt": "2026-11-30T08:30:00Z"}, "2": {"finishedAt": None}}
    assert idle_since([], [workflows[0] | {"status": {"nodes": nodes}}]) == made + timedelta(minutes=30)
