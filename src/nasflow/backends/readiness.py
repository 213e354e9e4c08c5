"""What must be in a namespace before a search's pods can begin, and what to do where it is not."""

from collections.abc import Callable
from typing import Any, Literal

from nasflow.base.errors import KubeflowUnavailable, NotReady
from nasflow.base.settings import KFP_HOST, S3_ACCESS_KEY, S3_SECRET_KEY, STORE
from nasflow.kubeflow.kubernetes import load_kubernetes
from nasflow.kubeflow.nodes import missing_nodes
from nasflow.search.cluster import Cluster

Said = str | tuple[Literal["good", "warn", "bad", "skip"], str]
"""What holds; or its state, and what is wrong with the remedy."""


def check_ready(cluster: Cluster, store: str) -> None:
    """Raise NotReady if a search's pods could not begin; KubeflowUnavailable if that cannot be seen."""
    kubernetes = load_kubernetes()
    for said in (
        check_nodes(cluster, kubernetes),
        check_config_map(cluster, kubernetes, store),
        check_secret(cluster, kubernetes),
        check_service_account(cluster, kubernetes),
    ):
        if isinstance(said, tuple) and said[0] == "bad":
            raise NotReady(f"{said[1]} (--force submits all the same)")


def check_nodes(cluster: Cluster, _: Any) -> Said:
    """Some node can take each kind of pod."""
    for name, pod in (("train", cluster.train), ("light", cluster.light)):
        if problem := missing_nodes(pod):
            return "bad", f"cluster.{name}: {problem}"
    return "some node can take each kind of pod"


def check_config_map(cluster: Cluster, kubernetes: Any, store: str) -> Said:
    """It is there, and names the store that is used here, and a Kubeflow."""
    found = find_object(
        kubernetes.CoreV1Api().read_namespaced_config_map, cluster.config_map, cluster.namespace
    )
    if found is None:
        return "bad", f"{cluster.config_map} is missing in {cluster.namespace}: install the chart there"
    data = found.data or {}
    for variable in (STORE, KFP_HOST):
        if not data.get(variable.name):
            return "bad", f"{cluster.config_map} has no {variable}: set it in the chart's values"
    named = data[STORE.name].rstrip("/")
    if named != store:
        return "bad", f"pods use the store {named}, you {store}: give --store {named}, or correct the chart's"
    return f"{cluster.config_map} names this store and a Kubeflow"


def check_secret(cluster: Cluster, kubernetes: Any) -> Said:
    """It is there, with both keys."""
    if cluster.secret is None:
        return "skip", "none is named: a workload identity is to do"
    found = find_object(kubernetes.CoreV1Api().read_namespaced_secret, cluster.secret, cluster.namespace)
    if found is None:
        return "bad", (
            f"{cluster.secret} is missing in {cluster.namespace}: install the chart; if that was given "
            "store.existingSecret, name the same one as `secret:` under `cluster:`"
        )
    keys = (S3_ACCESS_KEY.name, S3_SECRET_KEY.name)
    missing = [key for key in keys if key not in (found.data or {})]
    if missing:
        return "bad", f"{cluster.secret} lacks {', '.join(missing)}: add it to the Secret"
    return f"{cluster.secret} has both keys"


def check_service_account(cluster: Cluster, kubernetes: Any) -> Said:
    """It is there."""
    if cluster.service_account is None:
        return "skip", "none is named: Kubeflow's own runs the pods"
    core = kubernetes.CoreV1Api()
    if find_object(core.read_namespaced_service_account, cluster.service_account, cluster.namespace) is None:
        return "bad", f"{cluster.service_account} is missing in {cluster.namespace}: install the chart there"
    return f"{cluster.service_account} is there"


def find_object(read: Callable[[str, str], Any], name: str, namespace: str) -> Any | None:
    """An object, or None if it is not there; raise KubeflowUnavailable if it may not be read."""
    from kubernetes.client import ApiException

    try:
        return read(name, namespace)
    except ApiException as error:
        if error.status == 404:
            return None
        raise KubeflowUnavailable(
            f"you may not read {name} in {namespace} ({error.status} {error.reason}): ask for the right to"
        ) from None
