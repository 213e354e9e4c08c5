"""The parts that these tests run on; what is not there is skipped with its reason."""

import os
from collections.abc import Iterator
from subprocess import CalledProcessError
from uuid import uuid4

import pytest
from tests.charts.installation import Installation, image_values, namespace, unavailable
from tests.cluster.reach import laptop
from tests.tracking.conftest import first_publish, server_uri, shared_path

from nasflow.store import check_writable, open_store

__all__ = ["first_publish", "server_uri", "shared_path"]


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The chart with a store of its own, in a namespace that refuses every pod that is not restricted."""
    if reason := unavailable():
        pytest.skip(reason)
    images = image_values(tmp_path_factory.mktemp("images"))
    seaweedfs = {**images.get("seaweedfs", {}), "enabled": True, "size": "1Gi"}
    name = f"nasflow-steps-{uuid4().hex[:6]}"
    with namespace(name):
        installed = Installation(name)
        installed.install({**images, "seaweedfs": seaweedfs, "mlflow": {"sqlite": {"size": "1Gi"}}})
        yield installed


@pytest.fixture
def release() -> Installation:
    """The chart as somebody has installed it, in the namespace where a Kubeflow runs steps."""
    if reason := unavailable():
        pytest.skip(reason)
    place = Installation(os.environ.get("NASFLOW_TEST_NAMESPACE", "kubeflow"))
    try:
        place.kubectl("get", "configmap", "nasflow")
    except CalledProcessError:
        pytest.skip(f"nasflow's chart is not installed in namespace {place.namespace}")
    return place


@pytest.fixture
def kubeflow(release: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """The same, and the address of that Kubeflow's API is in the environment."""
    if os.environ.get("NASFLOW_KFP_HOST"):
        yield release
        return
    try:
        release.kubectl("get", "service", "ml-pipeline")
    except CalledProcessError:
        pytest.skip("NASFLOW_KFP_HOST names no Kubeflow Pipelines")
    with release.forwarded("ml-pipeline", 8888) as address:
        monkeypatch.setenv("NASFLOW_KFP_HOST", address)
        yield release


@pytest.fixture
def url(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of the installation's store; its addresses and keys are in the environment."""
    with laptop(installation, monkeypatch) as found:
        # The chart's store makes its bucket at the first write, as `helm test` and `nasflow doctor` do one.
        check_writable(open_store(found))
        yield found
