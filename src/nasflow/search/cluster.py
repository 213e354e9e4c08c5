"""What a search asks of a Kubernetes cluster: nothing of it changes what is found."""

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from nasflow.base.document import Document, Frozen, is_off
from nasflow.base.form import Form

Name = Annotated[
    str,
    Form(
        "[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", "small letters, digits, and hyphens or dots between them are"
    ),
]
"""What Kubernetes takes as the name of an object."""

Cores = Annotated[
    str,
    Form(
        r"[1-9][0-9]{0,8}m|[1-9][0-9]{0,8}(\.[0-9]{1,3})?|0\.[0-9]{0,2}[1-9]",
        'cores such as "2", "1.5" or "500m" are',
    ),
]
"""Processor cores as Kubernetes and Kubeflow write them: "500m", "2", "1.5"."""

Bytes = Annotated[str, Form("[1-9][0-9]{0,8}[KMGTPE]i?", "memory such as 8Gi or 512Mi is")]
"""Memory as Kubeflow takes it: "8Gi", "512Mi"."""

Layout = Literal["fused", "steps", "workers"]

MOST_TASKS = 220
"""Tasks in one run, at most: Argo keeps a run in one object, which etcd refuses above 1.5 MB."""


class Toleration(Frozen):
    """A taint that a pod puts up with, in Kubernetes' own words: spot nodes are most often tainted."""

    key: str | None = None
    """None, with operator Exists: every taint."""
    operator: Literal["Equal", "Exists"] = "Equal"
    """`Equal`: key and value are those of the taint; `Exists`: the key is."""
    value: str | None = None
    """The taint's, with operator Equal."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """None: every effect."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.operator == "Exists" and self.value is not None:
            raise ValueError("a toleration with operator Exists has no value")
        if self.operator == "Equal" and self.key is None:
            raise ValueError("a toleration without a key needs operator: Exists")
        return self


class PodSpec(Frozen):
    """What one kind of pod asks for, and where it may run."""

    cpu: Cores = "1"
    """Cores, asked for and at most."""
    memory: Bytes = "4Gi"
    """Asked for and at most: over it the pod is killed."""
    accelerator: (
        Annotated[str, Form("[a-z0-9.-]+/[a-zA-Z0-9._-]+", "a resource such as nvidia.com/gpu is")] | None
    ) = None
    """The resource's name, as in nvidia.com/gpu; None: no accelerator."""
    accelerators: int = Field(default=1, ge=1)
    """How many of it a pod gets; a training uses one."""
    node_selector: dict[str, str] = Field(default_factory=dict)
    """Labels that the node must have, as in {cloud.google.com/gke-accelerator: nvidia-l4}."""
    tolerations: tuple[Toleration, ...] = ()
    """Taints that the pod puts up with."""
    timeout: int = Field(default=24 * 3600, ge=60, le=90 * 24 * 3600)
    """Seconds that one attempt may take."""


class Cluster(Frozen):
    """Where the pods of a search run, and what they may use."""

    image: Annotated[str, Form(r"[!-~]{1,500}", "an image's address, of at most 500 signs and no space, is")]
    """nasflow's image, best by digest: the same for every step."""
    namespace: Name = "kubeflow"
    """Where the pods run: Kubeflow's own namespace on a standalone install, the user's profile otherwise."""
    service_account: Name | None = "nasflow-runner"
    """The pods' account, which the chart makes; None: the account that Kubeflow takes by itself."""
    config_map: Name = "nasflow"
    """Holds NASFLOW_STORE, MLFLOW_TRACKING_URI, AWS_ENDPOINT_URL_S3 and so on; the chart makes it."""
    secret: Name | None = "nasflow-store"
    """Holds AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; None: a workload identity does instead."""
    layout: Layout = "fused"
    """A child as one task (fused), or as three (steps: only the training holds the accelerator); or pods that
    do whatever is next until the rounds are over (workers), so that no pod begins between two children."""
    lanes: int = Field(default=1, ge=1, le=100)
    """Of layout workers: children that one worker trains at the same time, on one accelerator."""
    rounds_per_run: int = Field(default=3, ge=1, le=10)
    """Rounds that one Kubeflow run unrolls before it submits the next run; each makes the run larger. Workers
    do all rounds in one run."""
    parallelism: int = Field(default=4, ge=1, le=100)
    """Children that are trained at the same time."""
    retries: int = Field(default=3, ge=0, le=10)
    """Further attempts of a task that was killed or lost its node."""
    light: PodSpec = PodSpec()
    """The pods that train nothing."""
    train: PodSpec = PodSpec(cpu="2", memory="8Gi", accelerator="nvidia.com/gpu")
    """The pods that train."""
    queue: Name | None = None
    """Kueue's LocalQueue; None: no Kueue."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.lanes > 1 and self.layout != "workers":
            raise ValueError("lanes go with layout: workers: other pods train one child each")
        return self

    @property
    def workers(self) -> int:
        """Pods of layout workers."""
        return math.ceil(self.parallelism / self.lanes)

    def tasks(self, children_per_round: int) -> int:
        """Tasks of one run: the size of what Argo and etcd must keep."""
        if self.layout == "workers":
            return self.workers + 1
        child = 1 if self.layout == "fused" else 3
        return self.rounds_per_run * (children_per_round * child + 2) + 1


class Submission(Document):
    """A search as it was last handed to Kubeflow: what the next run is made of."""

    tag: str
    """Six hexadecimal digits in the names of its runs: this search in this store, and no other."""
    cluster: Cluster
    search: str
    """Blob of the compiled pipeline of rounds."""
    finish: str
    """Blob of the compiled pipeline of the finish."""
    halted: bool = False
    """Whether `nasflow stop` was called: no run follows."""


class Run(Document):
    """One Kubeflow run of a search: claimed in the store first, so that it is submitted once."""

    number: int = Field(ge=1)
    pipeline: Literal["search", "finish"]
    progress: str
    """What of the search was done when it was claimed: a run that adds nothing has no successor."""
    id: str | None = None
    """Kubeflow's id; None: claimed, not submitted yet."""


class Trouble(Document):
    """Why a step ended with an error: Kubeflow's API does not tell."""

    step: str
    child: str | None
    pod: str
    reason: str
    """In one line."""
    run: int | None = Field(default=None, exclude_if=is_off)
    """Number of the run that was the newest then; None: there was none, or an older nasflow wrote this."""
