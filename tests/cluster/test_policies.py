"""Who gets through to MLflow and SeaweedFS, on a network that enforces NetworkPolicies."""

import pytest
from kubernetes import client
from tests.charts.installation import Installation
from tests.cluster.pods import Pods
from tests.cluster.reach import IMAGE

from nasflow.pipelines.placement import labels
from nasflow.search.cluster import Cluster

pytestmark = pytest.mark.cluster

KUBEFLOW = {"pipelines.kubeflow.org/v2_component": "true"}
"""What every pod of every Kubeflow run has."""

STEP = KUBEFLOW | labels("digits", Cluster(image=IMAGE))
CLOSED = {"nasflow-test": "closed"}
SERVERS = {"nasflow-mlflow": 5000, "nasflow-seaweedfs": 8333}

CONNECT = """
import socket, time
for attempt in range(5):
    try:
        socket.create_connection(({host!r}, {port}), 5).close()
        break
    except OSError as error:
        print(error)
        time.sleep(2)
else:
    raise SystemExit(1)
"""
"""Several attempts: the network may hear of a new pod's labels a moment after the pod has begun."""


def reaches(pods: Pods, host: str, who: dict[str, str]) -> bool:
    """Whether a pod with these labels can open a connection."""
    return pods.try_out(CONNECT.format(host=host, port=SERVERS[host]), who)


@pytest.fixture(scope="module")
def pods(installation: Installation) -> Pods:
    """Pods of the release's namespace; skipped where one that may reach nothing reaches MLflow."""
    pods = Pods(installation.namespace)
    nowhere = {"podSelector": {"matchLabels": CLOSED}, "policyTypes": ["Egress"]}
    policy = {"metadata": {"name": "closed"}, "spec": nowhere}
    client.NetworkingV1Api().create_namespaced_network_policy(installation.namespace, policy)
    if reaches(pods, "nasflow-mlflow", STEP | CLOSED):
        pytest.skip("this cluster's network enforces no NetworkPolicies")
    return pods


@pytest.mark.parametrize("host", SERVERS)
def test_who_gets_through(pods: Pods, host: str) -> None:
    """The release's own steps do; a pod of another pipeline, and one of another release's, do not."""
    assert reaches(pods, host, STEP)
    assert not reaches(pods, host, KUBEFLOW)
    assert not reaches(pods, host, STEP | {"nasflow/release": "other"})
