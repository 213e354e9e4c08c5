import json
import urllib.request
from collections.abc import Iterator
from subprocess import CalledProcessError
from uuid import uuid4

import pytest

from nasflow.store import Store, open_store

from .installation import Installation, image_values, namespace, unavailable
from .rendering import Values

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Values:
    """SeaweedFS and SQLite, as for somebody who has neither a store nor a database."""
    if reason := unavailable():
        pytest.skip(reason)
    images = image_values(tmp_path_factory.mktemp("images"))
    seaweedfs = {**images.get("seaweedfs", {}), "enabled": True, "size": "1Gi"}
    small = {"seaweedfs": seaweedfs, "mlflow": {"sqlite": {"size": "1Gi"}}}
    return {**images, **small, "kfp": {"multiUser": True}}


@pytest.fixture(scope="module")
def installation(given: Values) -> Iterator[Installation]:
    """The installed chart, every pod of it ready under the restricted standard."""
    name = f"nasflow-chart-{uuid4().hex[:6]}"
    with namespace(name):
        installed = Installation(name)
        installed.install(given)
        yield installed


@pytest.fixture
def store(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The store as somebody's laptop sees it, with the keys from the Secret."""
    with installation.forwarded("nasflow-seaweedfs", 8333) as address:
        variables = {
            "AWS_ENDPOINT_URL_S3": address,
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        for variable, value in {**variables, **installation.secret()}.items():
            monkeypatch.setenv(variable, value)
        yield open_store("s3://nasflow/search")


def test_green(installation: Installation) -> None:
    """`helm test` is green on a healthy installation."""
    result = installation.helm("test", "nasflow", "--logs", "--timeout", "5m")
    assert result.returncode == 0, result.stdout + result.stderr


def test_artifacts_reach_the_bucket(installation: Installation, store: Store) -> None:
    """MLflow answers to a port-forward and keeps what it is given in the bucket, under the store's prefix."""
    with installation.forwarded("nasflow-mlflow", 5000) as address:
        path = f"{address}/api/2.0/mlflow-artifacts/artifacts/tests/{uuid4().hex}"
        with urllib.request.urlopen(urllib.request.Request(path, b"kept", method="PUT")) as reply:
            assert reply.status == 200
        with urllib.request.urlopen(path) as reply:
            assert reply.read() == b"kept"
    (key,) = store.list("mlflow/tests")
    assert store.read(key) == b"kept"


def test_the_steps_rights(installation: Installation) -> None:
    """Kubernetes lets the steps' account do what the Role says, and no more: no Secrets at large, no pods."""
    assert installation.may("create", "workflowtaskresults", group="argoproj.io")
    assert installation.may("get", "secrets", name="mlpipeline-minio-artifact")
    assert not installation.may("get", "secrets", name="nasflow-store")
    assert not installation.may("list", "secrets")
    assert not installation.may("create", "pods")
    assert not installation.may("create", "pods", subresource="exec")


def test_a_token_of_itself_only(installation: Installation) -> None:
    """The steps' account gets a token for Kubeflow's API for itself, and none for another account."""
    account = f"system:serviceaccount:{installation.namespace}:nasflow-runner"
    audience = ("--audience", "pipelines.kubeflow.org", "--as", account)
    assert installation.kubectl("create", "token", "nasflow-runner", *audience)
    with pytest.raises(CalledProcessError):
        installation.kubectl("create", "token", "nasflow-mlflow", *audience)


def test_upgrade_keeps_the_keys(installation: Installation, given: Values) -> None:
    """Keys that the chart made are the same after an upgrade."""
    before = installation.secret()
    installation.install({**given, "networkPolicy": {"stepNamespaces": ["elsewhere"]}})
    assert installation.secret() == before


def test_data_survives_the_stores_pod(
    installation: Installation, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written is there after SeaweedFS's pod was deleted."""
    key = f"survives/{uuid4().hex}"
    assert store.create(key, b"kept")
    installation.kubectl("delete", "pod", "nasflow-seaweedfs-0")
    installation.kubectl("rollout", "status", "statefulset/nasflow-seaweedfs", "--timeout", "5m")
    with installation.forwarded("nasflow-seaweedfs", 8333) as address:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", address)
        assert open_store("s3://nasflow/search").read(key) == b"kept"


def test_red_with_wrong_keys(installation: Installation) -> None:
    """`helm test` is red when the steps' keys are wrong; its log names the variable, and shows no key."""
    keys = installation.secret()
    wrong = uuid4().hex
    set_secret_key(installation, wrong)
    try:
        result = installation.helm("test", "nasflow", "--timeout", "5m")
        log = installation.kubectl("logs", "nasflow-test")
    finally:
        set_secret_key(installation, keys["AWS_SECRET_ACCESS_KEY"])
    assert result.returncode != 0
    assert "AWS_SECRET_ACCESS_KEY" in log
    assert wrong not in log + result.stdout + result.stderr


def set_secret_key(installation: Installation, value: str) -> None:
    """Put another key in the Secret that the next pod reads."""
    patch = json.dumps({"stringData": {"AWS_SECRET_ACCESS_KEY": value}})
    installation.kubectl("patch", "secret", "nasflow-store", "--patch", patch)


def test_uninstall_keeps_the_data(installation: Installation) -> None:
    """Nothing is left after an uninstall but the volumes, and the pod of the last test."""
    result = installation.helm("uninstall", "nasflow", "--wait")
    assert result.returncode == 0, result.stderr
    kinds = (
        "deployments,statefulsets,services,secrets,roles,rolebindings,networkpolicies,persistentvolumeclaims"
    )
    left = installation.kubectl("get", kinds, "--output", "name").split()
    assert sorted(left) == [
        "persistentvolumeclaim/data-nasflow-seaweedfs-0",
        "persistentvolumeclaim/nasflow-mlflow",
    ]
