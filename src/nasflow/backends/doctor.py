"""Checks before a search is trusted with a week of GPU time: each says what holds, or how to mend it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from nasflow.backends.readiness import (
    Said,
    check_config_map,
    check_nodes,
    check_secret,
    check_service_account,
    find_object,
)
from nasflow.base.credentials import masked
from nasflow.base.errors import NasflowError
from nasflow.base.settings import TRACKING_URI
from nasflow.base.strict_yaml import read_yaml
from nasflow.kubeflow.kubernetes import load_kubernetes
from nasflow.search.cluster import Cluster
from nasflow.search.file import SearchFile
from nasflow.tracking import tracking_beside, tracking_uri

TESTED_VERSIONS = ("2.17",)
"""Versions of Kubeflow Pipelines that nasflow was run on."""

_EXPERIMENT = "nasflow-doctor"
_STRATEGY = "retryStrategy"

_SECONDS = 10
"""Patience with Kubernetes' first answer."""

_ADVICE = (
    'templateDefaults with `retryStrategy: {limit: "0", retryPolicy: Always}` try both again; change that '
    "while no run goes on"
)


_MLFLOW = (
    "it has to be in reach, and to know the name it is called by (the chart's mlflow.allowedHosts; through a "
    "port-forward it is localhost)"
)


@dataclass(frozen=True)
class Check:
    """What one check found."""

    name: str
    state: Literal["good", "warn", "bad", "skip"]
    said: str
    """What holds, or what is wrong and the remedy, in one line."""


def own_checks(store: str) -> Iterator[Check]:
    """The store, with both conditional writes really tried, and MLflow."""
    yield _checked("store", lambda: _store(store))
    yield _checked("mlflow", lambda: _mlflow(store))


def search_checks(file: SearchFile, store: str, on_cluster: bool) -> Iterator[Check]:
    """What a search would be told before its first training, here or in its cluster's pods."""
    from nasflow.backends.cluster import pod_room
    from nasflow.steps.archive import Archive
    from nasflow.steps.begin import draw_up
    from nasflow.steps.keys import start_key
    from nasflow.store import open_store

    room = pod_room(file.required_cluster()) if on_cluster else None
    archive = Archive(open_store(store))
    try:
        plan = draw_up(archive, file.config(), room)
    except NasflowError as error:
        yield Check("search", "bad", " ".join(str(error).split()))
        return
    for remark in plan.remarks:
        yield Check("search", "warn", remark)
    if not plan.remarks:
        stands = "has begun, and can go on" if archive.store.exists(start_key(file.name)) else "could begin"
        yield Check("search", "good", f"{file.name} {stands}")


def cluster_checks(cluster: Cluster, store: str) -> Iterator[Check]:
    """Kubeflow, and what the cluster has of what the configuration names; `store` is the one used here."""
    yield _checked("kubeflow", lambda: _kubeflow(cluster))
    reached = _checked("kubernetes", _kubernetes)
    yield reached
    if reached.state == "bad":
        # All that follows would say the same.
        return
    yield _checked("config map", lambda: check_config_map(cluster, load_kubernetes(), store))
    for name, check in (
        ("pods", _permissions),
        ("secret", check_secret),
        ("service account", check_service_account),
        ("image", _image),
        ("nodes", check_nodes),
        ("argo retries", _argo),
        ("kueue", _kueue),
    ):
        yield _checked(name, lambda check=check: check(cluster, load_kubernetes()))  # type: ignore[misc]


def _checked(name: str, check: Callable[[], Said]) -> Check:
    """Run a check; what it raises is what it found."""
    try:
        said = check()
    except NasflowError as error:
        return Check(name, "bad", " ".join(str(error).split()))
    except Exception as error:
        status = getattr(error, "status", None)
        why = f"refused ({status})" if status else f"failed ({type(error).__name__})"
        return Check(name, "bad", f"{why}: check KUBECONFIG and your rights in the namespace")
    return Check(name, "good", said) if isinstance(said, str) else Check(name, *said)


def _store(url: str) -> Said:
    from nasflow.store import check_writable, open_store

    store = open_store(url)
    check_writable(store)
    return f"{store.url} takes conditional writes"


def _mlflow(store: str) -> Said:
    """Write a run with an artifact, and delete it: the server may have a database and no bucket."""
    from nasflow.tracking.address import artifact_folder
    from nasflow.tracking.connection import connected

    uri = tracking_uri(None)
    if uri is None:
        beside = masked(tracking_beside(store))
        return "skip", f"{TRACKING_URI} is not set: searches on this machine are shown in {beside}"
    with connected(uri, _MLFLOW) as client:
        found = client.get_experiment_by_name(_EXPERIMENT)
        experiment = (
            found.experiment_id if found else client.create_experiment(_EXPERIMENT, artifact_folder(uri))
        )
        run = client.create_run(experiment).info.run_id
        client.log_text(run, "written by nasflow doctor", "doctor.txt")
        client.delete_run(run)
    return f"{masked(uri)} takes runs and artifacts"


def _kubeflow(cluster: Cluster) -> Said:
    from nasflow.kubeflow.client import connect

    client = connect(cluster.namespace, cluster.service_account)
    version = client.version
    client.find("nasflow-doctor")
    if not version.startswith(TESTED_VERSIONS):
        return "warn", f"{client.address} answers with version {version}; nasflow was run on 2.17"
    return f"{client.address} answers, version {version}"


def _kubernetes() -> Said:
    version = load_kubernetes().VersionApi().get_code(_request_timeout=_SECONDS)
    return f"version {version.git_version} answers"


def _permissions(cluster: Cluster, kubernetes: Any) -> Said:
    """What `status` and `logs` need."""
    for resource, verb, subresource in (("pods", "list", None), ("pods", "get", "log")):
        attributes = {
            "namespace": cluster.namespace,
            "verb": verb,
            "resource": resource,
            "subresource": subresource,
        }
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        reply = kubernetes.AuthorizationV1Api().create_self_subject_access_review(review)
        if not reply.status.allowed:
            what = f"{verb} {resource}" + (f"/{subresource}" if subresource else "")
            return "warn", f"you may not {what} in {cluster.namespace}: `status` and `logs` show less"
    return f"you may see pods and their logs in {cluster.namespace}"


def _image(cluster: Cluster, kubernetes: Any) -> Said:
    """Whether some node has it; a registry can only be asked by the node that pulls."""
    for node in kubernetes.CoreV1Api().list_node().items:
        names = [name for image in node.status.images or [] for name in image.names or []]
        if any(name == cluster.image or name.endswith(f"/{cluster.image}") for name in names):
            return f"{cluster.image} is on node {node.metadata.name}"
    return "warn", f"{cluster.image} is on no node yet: each pulls it at its first pod, if it may"


def _argo(cluster: Cluster, kubernetes: Any) -> Said:
    """Which ends of a pod are tried again: Argo merges its own defaults with `cluster.retries`."""
    for namespace in dict.fromkeys((cluster.namespace, "kubeflow", "argo")):
        found = find_object(
            kubernetes.CoreV1Api().read_namespaced_config_map, "workflow-controller-configmap", namespace
        )
        if found is None:
            continue
        return told_of_retries(
            list((found.data or {}).values()), f"workflow-controller-configmap in {namespace}"
        )
    return "warn", "workflow-controller-configmap was not found: whose retries count is not known"


def told_of_retries(texts: Iterable[str], where: str) -> Said:
    """By the retry strategy that is set there, if one is."""
    found = [each for text in texts for each in _strategies(text, where)]
    policy = str(found[0].get("retryPolicy", "OnFailure")) if found else "OnFailure"
    if policy == "Always" and str(found[0].get("limit")) == "0":
        return f"{where}: whatever ends a pod, it is tried again"
    if policy == "Always":
        endless = 'retryPolicy Always without `limit: "0"` tries whole rounds again for ever'
        return "bad", f"{where}: {endless}: {_ADVICE}"
    if policy == "OnFailure":
        missing = "a pod that was deleted (a drained or a spot node) is not tried again"
    else:
        missing = "a step that ends with an error, or was killed for memory, is not tried again"
    return "warn", f"{where}: {missing}; the search's next run takes it up. {_ADVICE}"


def _strategies(data: Any, where: str) -> Iterator[dict[str, Any]]:
    """Every `retryStrategy` in what a page of YAML says; pages within it, as strings, too."""
    if isinstance(data, str) and _STRATEGY in data:
        data = read_yaml(data, where)
    if isinstance(data, dict):
        if isinstance(data.get(_STRATEGY), dict):
            yield data[_STRATEGY]
        for each in data.values():
            yield from _strategies(each, where)
    elif isinstance(data, list):
        for each in data:
            yield from _strategies(each, where)


def _kueue(cluster: Cluster, kubernetes: Any) -> Said:
    if cluster.queue is None:
        return "skip", "no queue is named"
    api = kubernetes.CustomObjectsApi()
    try:
        api.get_namespaced_custom_object(
            "kueue.x-k8s.io", "v1beta1", cluster.namespace, "localqueues", cluster.queue
        )
    except kubernetes.ApiException as error:
        if error.status != 404:
            raise
        return (
            "bad",
            f"LocalQueue {cluster.queue} is missing in {cluster.namespace}: install Kueue, create it",
        )
    return f"LocalQueue {cluster.queue} is there"
