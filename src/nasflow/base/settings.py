"""Each environment variable that nasflow reads, sets or names, once: what it is for, what holds without it.

Whatever nasflow has to do with the environment of its process is in this file: nobody else looks at
`os.environ`. A variable that is set to nothing is taken as one that is not set, because a Kubernetes
ConfigMap must have each key that a pod asks for.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from nasflow.base.errors import InvalidSpec


@dataclass(frozen=True)
class Variable:
    """One environment variable."""

    name: str
    purpose: str
    """What it is for, in words that a page can be made of."""
    absent: str = "nothing"
    """What holds where it is not set."""
    is_secret: bool = False
    """Whether its value is never shown."""

    def __str__(self) -> str:
        return self.name

    @property
    def unit(self) -> str:
        """What its value is: text, or a number of something."""
        return "text"

    @property
    def is_set(self) -> bool:
        """Whether it has a value."""
        return bool(os.environ.get(self.name))


@dataclass(frozen=True)
class Text(Variable):
    """A variable that holds text: an address, a name, a secret."""

    def get(self) -> str | None:
        """Its value; None where it is not set."""
        return os.environ.get(self.name) or None

    def set_if_absent(self, value: str) -> None:
        """Give it a value for the rest of this process, unless it has one."""
        if not self.is_set:
            self.set(value)

    def set(self, value: str) -> None:
        """Give it a value for the rest of this process, and for those that it starts."""
        os.environ[self.name] = value


@dataclass(frozen=True)
class Count(Variable):
    """A variable that holds a whole number."""

    of: str = ""
    """What is counted, as in "seconds"."""
    least: int = 1

    @property
    def unit(self) -> str:
        """See `Variable`."""
        return self.of

    def get(self) -> int | None:
        """Its value; None where it is not set. Raise InvalidSpec if it is no whole number, or too small."""
        text = os.environ.get(self.name)
        if not text:
            return None
        if not text.isdecimal() or int(text) < self.least:
            raise InvalidSpec(f"{self.name} is {text!r}: a whole number from {self.least} on is wanted")
        return int(text)


def environment(*beginnings: str) -> dict[str, str]:
    """The variables of this process whose names begin in one of these ways; without one, all of them."""
    return {
        name: value for name, value in os.environ.items() if not beginnings or name.startswith(beginnings)
    }


def by_name(values: Mapping[Variable, str]) -> dict[str, str]:
    """Values of variables as another process takes them."""
    return {variable.name: value for variable, value in values.items()}


def take_over(variables: Mapping[str, str]) -> None:
    """Give this process the environment of another one, as `environment()` told it there."""
    os.environ.clear()
    os.environ.update(variables)


@contextmanager
def temporarily(values: Mapping[Variable, str | None]) -> Iterator[None]:
    """Give variables other values for a while (None: not set); afterwards they are as they were."""
    before = {variable: os.environ.get(variable.name) for variable in values}
    _set(values)
    try:
        yield
    finally:
        _set(before)


def _set(values: Mapping[Variable, str | None]) -> None:
    for variable, value in values.items():
        if value is None:
            os.environ.pop(variable.name, None)
        else:
            os.environ[variable.name] = value


# Of nasflow itself.

DEFAULT_STORE = "nasflow-store"  # A folder in the one where a command is typed.
STORE = Text(
    "NASFLOW_STORE",
    "Where state lives: a directory, or s3://bucket/prefix.",
    absent="--store, or ./nasflow-store; a pod ends with an error",
)
STORE_PATIENCE = Count(
    "NASFLOW_STORE_PATIENCE",
    "How long an S3 server that was there, and is away, is waited for.",
    absent="300; where it has not answered the command yet, 15 at most",
    of="seconds",
    least=0,
)
CHECKPOINT_SECONDS = Count(
    "NASFLOW_CHECKPOINT_SECONDS",
    "Time between two checkpoints in the middle of an epoch; the end of each epoch has one anyway.",
    absent="300",
    of="seconds",
)
LANES = Count(
    "NASFLOW_LANES",
    "Children trained at the same time by the inline backend.",
    absent="as many as the machine has cores",
    of="children",
)
ALLOWED_CODE = Text(
    "NASFLOW_ALLOW_CODE",
    "Modules whose code may be run where a configuration or a store names it as a network's, commas between.",
    absent="none: networks are nasflow's and torchvision's own",
)
TRACKING_PAGE = Text(
    "NASFLOW_MLFLOW_UI",
    "MLflow's address as browsers reach it, for the links on Kubeflow's page.",
    absent="the address that pods use",
)

# Of Kubeflow Pipelines' API.

KFP_HOST = Text(
    "NASFLOW_KFP_HOST",
    "Address of Kubeflow Pipelines' API, as in http://ml-pipeline.kubeflow:8888.",
    absent="no Kubeflow; in a pod, whoever started the run submits the next one",
)
KFP_TOKEN = Text("NASFLOW_KFP_TOKEN", "A bearer token for the API.", absent="no token", is_secret=True)
KFP_AUTH = Text(
    "NASFLOW_KFP_AUTH",
    "`service-account`: ask Kubernetes for a token of the service account.",
    absent="no token is asked for",
)
SERVICE_ACCOUNT = "service-account"
"""The value of KFP_AUTH that asks for a token."""
KFP_AUTHORITY = Text(
    "NASFLOW_KFP_CA",
    "A file with the certificate authority of an https address of the API.",
    absent="the authorities that Python's requests knows",
)
KUBECONFIG = Text(
    "KUBECONFIG", "The file by which Kubernetes is found.", absent="the pod's own, or ~/.kube/config"
)

# Of MLflow.

TRACKING_URI = Text(
    "MLFLOW_TRACKING_URI",
    "Where MLflow is.",
    absent="a SQLite file in a directory store, else in ./nasflow-mlflow; in a pod, none",
)
TRACKING_USERNAME = Text("MLFLOW_TRACKING_USERNAME", "A user of MLflow's server.", absent="no user")
TRACKING_PASSWORD = Text(
    "MLFLOW_TRACKING_PASSWORD", "That user's password.", absent="no password", is_secret=True
)
TRACKING_TOKEN = Text(
    "MLFLOW_TRACKING_TOKEN", "A bearer token for MLflow's server.", absent="no token", is_secret=True
)
TRACKING_CREDENTIALS = (TRACKING_USERNAME, TRACKING_PASSWORD, TRACKING_TOKEN)


def own(variable: Text) -> Text:
    """The variable by which a pod is told nasflow's own MLflow.

    Kubeflow's MLflow plugin sets `variable` itself, and Kubernetes refuses a pod in which one variable has
    both a value and a reference.
    """
    purpose = f"What {variable} becomes in a pod, unless Kubeflow's MLflow plugin names another server."
    return replace(variable, name=f"NASFLOW_{variable}", purpose=purpose, absent="nothing is set")


OWN_TRACKING_URI = own(TRACKING_URI)
OWN_TRACKING_USERNAME = own(TRACKING_USERNAME)
OWN_TRACKING_PASSWORD = own(TRACKING_PASSWORD)
OWN_TRACKING_TOKEN = own(TRACKING_TOKEN)

REGISTRY_URI = Text("MLFLOW_REGISTRY_URI", "Where MLflow's model registry is.", absent="where MLflow is")
BACKEND_STORE_URI = Text(
    "MLFLOW_BACKEND_STORE_URI",
    "Set by `nasflow ui` for MLflow's server: its database. There may be a password in it.",
    is_secret=True,
)
PLUGIN_RUN = Text(
    "MLFLOW_RUN_ID", "Set by Kubeflow's MLflow plugin: the run that it made for a task.", absent="no plugin"
)
PLUGIN_EXPERIMENT = Text(
    "MLFLOW_EXPERIMENT_ID", "Set by Kubeflow's MLflow plugin: the experiment of that run.", absent="no plugin"
)
TELEMETRY_OFF = Text("MLFLOW_DISABLE_TELEMETRY", "Set at each use of MLflow: nothing goes to its makers.")
NO_TRACKING = Text("DO_NOT_TRACK", "Set at each use of MLflow: nothing goes to its makers.")
JOB_EXECUTION = Text("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "Set by `nasflow ui`: no processes for jobs.")
PROGRESS_BAR = Text("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "Set at each use of MLflow: no bars.")
NO_LINKS = Text("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "Set at each use of MLflow: no links printed.")
UV_PROJECTS = Text(
    "MLFLOW_UV_AUTO_DETECT",
    "Set at each use of MLflow: a uv project in the working directory is not copied into a registered model.",
)
GIT_REFRESH = Text("GIT_PYTHON_REFRESH", "Set at each use of MLflow: no words about a git that is not there.")
TRACKING_RETRIES = Count(
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES",
    "Set at each use of MLflow: it is given up early.",
    of="retries",
    least=0,
)
TRACKING_TIMEOUT = Count(
    "MLFLOW_HTTP_REQUEST_TIMEOUT", "Set at each use of MLflow: patience with one request.", of="seconds"
)
TRACKING_PATIENCE = Text(
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER",
    "Set at each use of MLflow: a busy server's wish for minutes of patience is not heard.",
)

# Of S3, read by boto3.

S3_ENDPOINT = Text("AWS_ENDPOINT_URL_S3", "Address of the S3 server.", absent="AWS")
S3_REGION = Text("AWS_DEFAULT_REGION", "Region of the bucket.", absent="what AWS's own files say")
S3_PROFILE = Text("AWS_PROFILE", "A profile of AWS's own files.", absent="their default profile")
S3_ACCESS_KEY = Text("AWS_ACCESS_KEY_ID", "The access key.", absent="a profile, or the machine's identity")
S3_SECRET_KEY = Text(
    "AWS_SECRET_ACCESS_KEY", "Its secret.", absent="a profile, or the machine's identity", is_secret=True
)
S3_SESSION_TOKEN = Text(
    "AWS_SESSION_TOKEN", "The token of temporary keys.", absent="the keys are lasting ones", is_secret=True
)

# Of PyTorch.

RANK = Count(
    "RANK", "Set by torchrun: which of its processes this is.", absent="no torchrun", of="processes", least=0
)
WORLD_SIZE = Count(
    "WORLD_SIZE", "Set by torchrun: how many processes train together.", absent="one", of="processes"
)
LOCAL_RANK = Count(
    "LOCAL_RANK",
    "Set by torchrun: which of this machine's GPUs is this process's.",
    absent="the first",
    of="GPUs",
    least=0,
)
CUBLAS_WORKSPACE = Text(
    "CUBLAS_WORKSPACE_CONFIG",
    "Memory with which cuBLAS gives the same sums each time.",
    absent=":4096:8 during a training",
)
THREADS = Count(
    "OMP_NUM_THREADS",
    "Threads of a computation on CPUs outside a training, whose recipe says how many.",
    absent="a thread a core",
    of="threads",
)
TORCH_HOME = Text("TORCH_HOME", "Where torchvision keeps what it has downloaded.", absent="~/.cache/torch")

# Of Docker.

DOCKER_HOST = Text("DOCKER_HOST", "Address of Docker's engine.", absent="/var/run/docker.sock")

OF_S3 = "AWS_"
OF_MLFLOW = "MLFLOW_"
"""Beginnings of names: whatever AWS's and MLflow's libraries read, named above or not."""

ALL: tuple[Variable, ...] = tuple(value for value in dict(globals()).values() if isinstance(value, Variable))
"""Every variable above, in this order."""
