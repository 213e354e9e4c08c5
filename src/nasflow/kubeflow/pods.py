"""What Kubernetes knows and Kubeflow's API hides: why a pod waits, why it died."""

from dataclasses import dataclass
from typing import Any

from nasflow.errors import KubeflowUnavailable
from nasflow.kubeflow.kubernetes import load_kubernetes

RUN_LABEL = "pipeline/runid"
_MAIN = "main"
"""The container that runs the step; the others are Argo's."""


@dataclass(frozen=True)
class PodView:
    """One pod of a run that executes a step."""

    name: str
    task: str
    """Name of the component, as far as the pod tells."""
    phase: str
    """Pending, Running, Succeeded, Failed, Unknown."""
    reason: str | None
    """Why it waits, or why it died."""


def step_pods(namespace: str, run: str) -> tuple[PodView, ...]:
    """The pods of a run that execute steps, oldest first; raise KubeflowUnavailable."""
    kubernetes = load_kubernetes()
    try:
        found = kubernetes.CoreV1Api().list_namespaced_pod(namespace, label_selector=f"{RUN_LABEL}={run}")
    except Exception as error:
        raise _unavailable(kubernetes, error, f"list pods in namespace {namespace}") from None
    pods = sorted(found.items, key=lambda pod: pod.metadata.creation_timestamp)
    return tuple(_view(pod) for pod in pods if _task(pod))


def pod_log(namespace: str, pod: str, lines: int) -> str:
    """The last lines of a step's output; raise KubeflowUnavailable."""
    kubernetes = load_kubernetes()
    try:
        return str(
            kubernetes.CoreV1Api().read_namespaced_pod_log(pod, namespace, container=_MAIN, tail_lines=lines)
        )
    except Exception as error:
        raise _unavailable(kubernetes, error, f"read the log of pod {namespace}/{pod}") from None


def _unavailable(kubernetes: Any, error: Exception, what: str) -> KubeflowUnavailable:
    if isinstance(error, kubernetes.ApiException):
        return KubeflowUnavailable(f"Kubernetes does not let you {what} ({error.status} {error.reason})")
    return KubeflowUnavailable(
        f"Kubernetes cannot be reached ({type(error).__name__}) to {what}: set KUBECONFIG"
    )


def _view(pod: Any) -> PodView:
    return PodView(pod.metadata.name, _task(pod), pod.status.phase or "Unknown", _reason(pod))


def _task(pod: Any) -> str:
    """The component's name from the command of the main container; empty for drivers."""
    for container in pod.spec.containers:
        words = [*(container.command or []), *(container.args or [])]
        if "--function_to_execute" in words:
            return str(words[words.index("--function_to_execute") + 1])
    return ""


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
