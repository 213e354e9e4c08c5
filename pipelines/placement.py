"""A task as a pod: its image, what it asks for, where it may run, what it is told, how often it is tried."""

from dataclasses import dataclass
from typing import Any

from kfp import kubernetes

from nasflow.base import settings
from nasflow.base.settings import TRACKING_CREDENTIALS, TRACKING_URI, own
from nasflow.search.cluster import Cluster, PodSpec
from nasflow.steps.table import Step

REQUIRED = {settings.STORE.name: settings.STORE.name}
"""Keys that the ConfigMap must have, and the variables that get their values."""

OPTIONAL = {TRACKING_URI.name: own(TRACKING_URI).name} | {
    variable.name: variable.name
    for variable in (
        settings.S3_ENDPOINT,
        settings.S3_REGION,
        settings.STORE_PATIENCE,
        settings.CHECKPOINT_SECONDS,
        settings.ALLOWED_CODE,
        settings.KFP_HOST,
        settings.KFP_AUTH,
        settings.TRACKING_PAGE,
    )
}
"""Keys that it may have."""

SECRETS = {variable.name: variable.name for variable in (settings.S3_ACCESS_KEY, settings.S3_SECRET_KEY)}
"""Keys of the Secret; a cloud's workload identity needs none of them."""

OPTIONAL_SECRETS = {variable.name: own(variable).name for variable in TRACKING_CREDENTIALS}
"""Keys that it may have, for an MLflow that asks who is there."""

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
SEARCH_LABEL = "nasflow/search"
RELEASE_LABEL = "nasflow/release"
"""By it the chart's NetworkPolicies know the pods that they let in; its value is the ConfigMap's name."""

LABELS = {"app.kubernetes.io/name": "nasflow", "app.kubernetes.io/part-of": "nasflow"}

_LONGEST_LABEL = 63
"""Kubernetes' own bound; the chart's names are shorter, and nobody else's are in its policies."""

_PATIENT_TIMEOUT = 3600
_WAITING = {"cpu": "250m", "memory": "1Gi", "timeout": 90 * 24 * 3600}
"""Now and then it looks whether a search is over, which may take weeks."""
_PULL_POLICY = "IfNotPresent"
_BACKOFF = {"backoff_duration": "10s", "backoff_factor": 2.0}


@dataclass(frozen=True)
class Placement:
    """One search on one cluster."""

    search: str
    """The search's id: each pod is labelled with it."""
    cluster: Cluster

    def __call__(self, task: Any, step: Step, turn: int | None = None) -> Any:
        """Run a step's task in a pod as the step needs it; `turn` is its round's place in the run."""
        title = step.title if turn is None else f"{step.title} {turn}"
        return _place(task, self, self._pod(step), title)

    def _pod(self, step: Step) -> PodSpec:
        light = self.cluster.light
        match step.pod:
            case "light":
                return light
            case "patient":
                return light.model_copy(update={"timeout": max(light.timeout, _PATIENT_TIMEOUT)})
            case "waiting":
                return light.model_copy(update=_WAITING)
            case "train":
                return self.cluster.train


def _place(task: Any, placement: Placement, pod: PodSpec, title: str) -> Any:
    cluster = placement.cluster
    task.set_display_name(title)
    task.set_container_image(cluster.image)
    # KFP's cache knows the image's name, not what is in it, and nothing of the store: never use it.
    task.set_caching_options(False)
    # Kubeflow's default bound on all attempts together, an hour, would end a long training's retries.
    longest = (pod.timeout + 3600) * (cluster.retries + 1)
    task.set_retry(cluster.retries, backoff_max_duration=f"{longest}s", **_BACKOFF)
    _ask(task, pod)
    _tell(task, cluster)
    _label(task, placement)
    kubernetes.set_image_pull_policy(task, _PULL_POLICY)
    kubernetes.set_timeout(task, pod.timeout)
    # Besides /tmp nothing is written: the image runs as any user.
    kubernetes.empty_dir_mount(task, volume_name="tmp", mount_path="/tmp")
    kubernetes.set_security_context(task, run_as_non_root=True)
    return task


def _ask(task: Any, pod: PodSpec) -> None:
    task.set_cpu_request(pod.cpu).set_cpu_limit(pod.cpu)
    task.set_memory_request(pod.memory).set_memory_limit(pod.memory)
    if pod.accelerator:
        task.set_accelerator_type(pod.accelerator).set_accelerator_limit(pod.accelerators)
    for label, value in sorted(pod.node_selector.items()):
        kubernetes.add_node_selector(task, label_key=label, label_value=value)
    for each in pod.tolerations:
        kubernetes.add_toleration(
            task, key=each.key, operator=each.operator, value=each.value, effect=each.effect
        )


def _tell(task: Any, cluster: Cluster) -> None:
    for given, is_optional in ((REQUIRED, False), (OPTIONAL, True)):
        kubernetes.use_config_map_as_env(task, cluster.config_map, given, optional=is_optional)
    if cluster.secret:
        for keys, is_optional in ((SECRETS, False), (OPTIONAL_SECRETS, True)):
            kubernetes.use_secret_as_env(task, cluster.secret, keys, optional=is_optional)


def _label(task: Any, placement: Placement) -> None:
    for label, value in labels(placement.search, placement.cluster).items():
        kubernetes.add_pod_label(task, label, value)


def labels(search: str, cluster: Cluster) -> dict[str, str]:
    """What the pods of a search are labelled with."""
    release = cluster.config_map[:_LONGEST_LABEL].rstrip("-.")
    queue = {QUEUE_LABEL: cluster.queue} if cluster.queue else {}
    return LABELS | {SEARCH_LABEL: search, RELEASE_LABEL: release} | queue
