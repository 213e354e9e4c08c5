"""What `make kind-up` leaves, in a cluster that kind made."""

import subprocess

import pytest
from tests.charts.installation import Installation

pytestmark = pytest.mark.cluster


@pytest.fixture(autouse=True)
def needs_kind(release: Installation) -> None:
    """These are about the cluster that `make kind-up` leaves."""
    if "kind://" not in release.kubectl("get", "nodes", "--output", "jsonpath={.items[*].spec.providerID}"):
        pytest.skip("KUBECONFIG is of no cluster of kind: make kind-up")


def test_green(release: Installation) -> None:
    """`helm test` is green in real kind."""
    result = release.helm("test", "nasflow", "--logs", "--timeout", "5m")
    assert result.returncode == 0, result.stdout + result.stderr


def test_restricted(release: Installation) -> None:
    """No pod of the chart would break the restricted Pod Security Standard."""
    label = ("pod-security.kubernetes.io/enforce=restricted", "--overwrite", "--dry-run=server")
    command = ["kubectl", "label", "namespace", release.namespace, *label]
    said = subprocess.run(command, capture_output=True, text=True, check=True)
    assert [line for line in said.stderr.splitlines() if "nasflow" in line and "namespace" not in line] == []
