"""Whether a cluster has the nodes that a configuration asks for."""

from typing import Any

from nasflow.base.errors import KubeflowUnavailable
from nasflow.kubeflow.kubernetes import load_kubernetes
from nasflow.search.cluster import PodSpec


def missing_nodes(pod: PodSpec) -> str | None:
    """Why no node can take such a pod, in one line with the remedy; None if one can.

    Only what a node *has* counts, not what is free on it: a busy cluster is no wrong one. Raise
    KubeflowUnavailable if the nodes cannot be listed.
    """
    kubernetes = load_kubernetes()
    try:
        nodes = kubernetes.CoreV1Api().list_node().items
    except Exception as error:
        raise KubeflowUnavailable(f"the nodes cannot be listed ({type(error).__name__})") from None
    labelled = [node for node in nodes if _has_labels(node, pod.node_selector)]
    if not labelled:
        wanted = ", ".join(f"{key}={value}" for key, value in sorted(pod.node_selector.items()))
        return f"no node has the labels {wanted}: correct node_selector, or add such a node"
    if pod.accelerator and not any(_count(node, pod.accelerator) >= pod.accelerators for node in labelled):
        where = "among the nodes that node_selector allows" if pod.node_selector else "in this cluster"
        return (
            f"no node {where} has {pod.accelerators} {pod.accelerator}: install its device plugin, "
            "add a node, or correct accelerator"
        )
    return None


def _has_labels(node: Any, wanted: dict[str, str]) -> bool:
    labels = node.metadata.labels or {}
    return all(labels.get(key) == value for key, value in wanted.items())


def _count(node: Any, resource: str) -> int:
    from kubernetes.utils import parse_quantity

    return int(parse_quantity((node.status.allocatable or {}).get(resource, "0")))
