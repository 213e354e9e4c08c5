"""What Kubernetes knows and Kubeflow's API hides: why a pod waits, why it died."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nasflow.base.errors import KubeflowUnavailable
from nasflow.kubeflow.kubernetes import load_kubernetes

RUN_LABEL = "pipeline/runid"
_MAIN = "main"
"""The container that runs the step; the others are Argo's."""

_NODE_NAME = "workflows.argoproj.io/node-name"
_WORKFLOWS = ("argoproj.io", "v1alpha1", "workflows")
_MOST_FAILURES = 3
_THEIRS = re.compile(r"[IWEF]\d{4} |time=|\[KFP Executor")


@dataclass(frozen=True)
class PodView:
    """One pod of a run that executes a step."""

    name: str
    task: str
    """The component's name."""
    child: str | None
    """Id of the child that it works on."""
    attempt: int
    """From 1."""
    phase: str
    """Pending, Running, Succeeded, Failed, Unknown."""
    reason: str | None
    """Why it waits, or why it died."""


@dataclass(frozen=True)
class RunPods:
    """What Kubernetes has of a run."""

    steps: tuple[PodView, ...]
    """Those that execute steps, oldest first."""
    helpers: int
    """Kubeflow's own that are at work, before a step's pod is there."""
    failures: tuple[str, ...]
    """Why pods failed or never came to be, as Argo says it; nothing where workflows may not be read."""
    is_lost: bool
    """Whether somebody has deleted its workflow."""
    hindrances: tuple[str, ...] = ()
    """Why some of Kubeflow's own do not begin, oldest first."""
    idle_since: datetime | None = None
    """When the last of its pods ended, or, if there is none yet, its workflow was made; None: a pod is there
    that has not ended, or nothing can be seen."""


def step_pods(namespace: str, run: str) -> tuple[PodView, ...]:
    """The pods of a run that execute steps, oldest first; raise KubeflowUnavailable."""
    return tuple(view(pod) for pod in _pods(namespace, run) if _task(pod))


def _pods(namespace: str, run: str) -> list[Any]:
    """All pods of a run, oldest first."""
    kubernetes = load_kubernetes()
    try:
        found = kubernetes.CoreV1Api().list_namespaced_pod(namespace, label_selector=f"{RUN_LABEL}={run}")
    except Exception as error:
        raise _unavailable(kubernetes, error, f"list pods in namespace {namespace}") from None
    return sorted(found.items, key=lambda pod: pod.metadata.creation_timestamp)


def pod_log(namespace: str, pod: str, lines: int) -> str:
    """The last lines of a step's output, without Kubeflow's own; raise KubeflowUnavailable."""
    kubernetes = load_kubernetes()
    try:
        text = str(kubernetes.CoreV1Api().read_namespaced_pod_log(pod, namespace, container=_MAIN))
    except Exception as error:
        raise _unavailable(kubernetes, error, f"read the log of pod {namespace}/{pod}") from None
    return "\n".join(own_lines(text.splitlines())[-lines:])


def own_lines(lines: list[str]) -> list[str]:
    """The step's lines: Kubeflow's and Argo's begin with their time, and may go on over several lines."""
    own, is_own = [], False
    for line in lines:
        if _THEIRS.match(line):
            is_own = False
        elif line.startswith(("nasflow: ", "Traceback ")):
            is_own = True
        own += [line] if is_own else []
    return own


def _unavailable(kubernetes: Any, error: Exception, what: str) -> KubeflowUnavailable:
    if isinstance(error, kubernetes.ApiException):
        return KubeflowUnavailable(f"Kubernetes does not let you {what} ({error.status} {error.reason})")
    return KubeflowUnavailable(
        f"Kubernetes cannot be reached ({type(error).__name__}) to {what}: set KUBECONFIG"
    )


def view(pod: Any) -> PodView:
    """A pod as `status` shows it."""
    return PodView(
        name=pod.metadata.name,
        task=_task(pod),
        child=_child(pod),
        attempt=_attempt(pod),
        phase="Terminating" if pod.metadata.deletion_timestamp else pod.status.phase or "Unknown",
        reason=_reason(pod),
    )


def _task(pod: Any) -> str:
    """The component's name, as the main container's command says it; empty for Kubeflow's own pods."""
    return (_after(pod, "--function_to_execute") or "").replace("_", "-")


def _child(pod: Any) -> str | None:
    """The child, from the inputs that Kubeflow's launcher is given."""
    try:
        return str(json.loads(_after(pod, "--executor_input") or "")["inputs"]["parameterValues"]["child"])
    except (ValueError, KeyError, TypeError):
        return None


def _attempt(pod: Any) -> int:
    """Argo numbers a task's attempts from 0, at the end of the node's name: `...executor(2)`."""
    found = re.search(r"\((\d+)\)$", (pod.metadata.annotations or {}).get(_NODE_NAME, ""))
    return int(found[1]) + 1 if found else 1


def _after(pod: Any, word: str) -> str | None:
    """The word after `word` in the main container's command line."""
    for container in pod.spec.containers:
        words = [*(container.command or []), *(container.args or [])]
        if container.name == _MAIN and word in words:
            return str(words[words.index(word) + 1])
    return None


def _reason(pod: Any) -> str | None:
    unscheduled = [
        each.message
        for each in pod.status.conditions or []
        if each.type == "PodScheduled" and each.status == "False" and each.message
    ]
    reasons = [*unscheduled, *_container_reasons(pod), pod.status.message]
    return next((str(reason) for reason in reasons if reason), None)


def _container_reasons(pod: Any) -> list[str]:
    statuses = [*(pod.status.init_container_statuses or []), *(pod.status.container_statuses or [])]
    reasons = []
    for each in statuses:
        waiting, ended = each.state.waiting, each.state.terminated
        if waiting and waiting.message:
            reasons.append(f"{waiting.reason}: {waiting.message}")
        if ended and ended.exit_code and each.name == _MAIN:
            reasons.append(f"{ended.reason} (exit code {ended.exit_code})")
    return reasons


def look(namespace: str, run: str) -> RunPods:
    """What Kubernetes has of a run; raise KubeflowUnavailable."""
    pods, workflows = _pods(namespace, run), _workflows(namespace, run)
    helpers = [pod for pod in pods if not _task(pod) and pod.status.phase in {"Pending", "Running"}]
    return RunPods(
        steps=tuple(view(pod) for pod in pods if _task(pod)),
        helpers=len(helpers),
        failures=_failures(workflows or []),
        is_lost=workflows == [],
        hindrances=hindrances(helpers),
        idle_since=idle_since(pods, workflows or []),
    )


def hindrances(pods: list[Any]) -> tuple[str, ...]:
    """Why these do not begin, each reason once."""
    return tuple(dict.fromkeys(filter(None, map(_reason, pods))))


def idle_since(pods: list[Any], workflows: list[dict[str, Any]]) -> datetime | None:
    """See RunPods, from what Kubernetes has of a run."""
    if any(pod.status.phase not in {"Succeeded", "Failed"} for pod in pods):
        return None
    told = [each["metadata"]["creationTimestamp"] for each in workflows]
    # Of pods that are deleted as soon as they have ended only the workflow tells.
    told += [node["finishedAt"] for node in _nodes(workflows) if node.get("finishedAt")]
    ends = [each.state.terminated for pod in pods for each in pod.status.container_statuses or []]
    return max(
        [*map(datetime.fromisoformat, told), *(each.finished_at for each in ends if each)], default=None
    )


def is_lost(namespace: str, run: str) -> bool:
    """Whether a run has no workflow any more, which somebody has deleted; False where that cannot be seen."""
    try:
        return _workflows(namespace, run) == []
    except KubeflowUnavailable:
        return False


def is_stuck(namespace: str, run: str) -> bool:
    """Whether a run that is being stopped cannot come to its end; False where that cannot be seen.

    Somebody has deleted its workflow; or all that is left of it waits for what is not there: its last task is
    to run after a stop too, and needs an image and Secrets as the others did.
    """
    try:
        return is_lost(namespace, run) or cannot_begin(_pods(namespace, run))
    except KubeflowUnavailable:
        return False


def cannot_begin(pods: list[Any]) -> bool:
    """Whether all pods that have not ended, and there are some, are held up."""
    left = [pod for pod in pods if pod.status.phase not in {"Succeeded", "Failed"}]
    return bool(left) and all(pod.status.phase == "Pending" and _reason(pod) for pod in left)


def _failures(workflows: list[dict[str, Any]]) -> tuple[str, ...]:
    """Why pods failed or never came to be, as Argo says it: the latest few, oldest first."""
    failed = [
        node for node in _nodes(workflows) if node["type"] == "Pod" and node["phase"] in {"Failed", "Error"}
    ]
    failed.sort(key=lambda node: node.get("finishedAt") or "")
    said = [f"{node['displayName']}: {node['message']}" for node in failed if node.get("message")]
    return tuple(dict.fromkeys(said))[-_MOST_FAILURES:]


def _nodes(workflows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Argo's tasks, pods among them."""
    return [node for each in workflows for node in each.get("status", {}).get("nodes", {}).values()]


def _workflows(namespace: str, run: str) -> list[dict[str, Any]] | None:
    """Argo's objects of a run; None where they may not be read."""
    kubernetes = load_kubernetes()
    try:
        found = kubernetes.CustomObjectsApi().list_namespaced_custom_object(
            *_WORKFLOWS[:2], namespace, _WORKFLOWS[2], label_selector=f"{RUN_LABEL}={run}"
        )
    except Exception:
        return None
    return list(found["items"])
