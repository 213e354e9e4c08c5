import base64
import json

import pytest

from .rendering import ACCESS, NAMES, SECRET, Manifest, containers, environment, of_kind, pods, render, values

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected"}
"""The kinds that the restricted standard allows; Secrets are not among those that the chart needs."""


@pytest.mark.parametrize("name", NAMES)
def test_restricted(name: str) -> None:
    """Every pod, whatever the values, keeps the restricted Pod Security Standard."""
    found = list(pods(render(values(name))))
    assert found
    for _, pod in found:
        check_pod(pod["spec"])
        for container in containers(pod):
            check_container(container)


def check_pod(spec: Manifest) -> None:
    """The standard's rules for a pod as a whole."""
    assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers"} & set(spec)
    security = spec["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert security.get("runAsUser") != 0
    assert not {"sysctls", "seLinuxOptions", "windowsOptions"} & set(security)
    for volume in spec["volumes"]:
        assert set(volume) - {"name"} <= VOLUMES


def check_container(container: Manifest) -> None:
    """The standard's rules for a container, and that it writes to its volumes only."""
    security = container["securityContext"]
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["readOnlyRootFilesystem"] is True
    assert not {"privileged", "runAsUser", "procMount"} & set(security)
    assert "/tmp" in {mount["mountPath"] for mount in container["volumeMounts"]}
    assert not any("hostPort" in port for port in container.get("ports", []))


@pytest.mark.parametrize("name", NAMES)
def test_keys_are_in_secrets_only(name: str) -> None:
    """The store's keys stand in one Secret, and nowhere else: no argument, no ConfigMap, no annotation."""
    manifests = render(values(name))
    secrets = of_kind(manifests, "Secret")
    assert len(secrets) == (0 if name.startswith("secret") else 1)
    keys = [base64.b64decode(value).decode() for secret in secrets for value in secret["data"].values()]
    assert all(len(key) >= 16 for key in keys)
    rest = json.dumps([manifest for manifest in manifests if manifest["kind"] != "Secret"])
    for key in {*keys, ACCESS, SECRET}:
        assert key not in rest
        assert base64.b64encode(key.encode()).decode() not in rest


def test_no_token_without_need() -> None:
    """Kubernetes' token reaches the steps' pods by their account, and no pod that the chart starts."""
    manifests = render(values("seaweedfs sqlite plain"))
    for _, pod in pods(manifests):
        assert pod["spec"]["automountServiceAccountToken"] is False
    mounts = {
        account["metadata"]["name"]: account["automountServiceAccountToken"]
        for account in of_kind(manifests, "ServiceAccount")
    }
    assert mounts == {"nasflow-runner": True, "nasflow-mlflow": False}


def test_memory_is_asked_for_and_bounded() -> None:
    """Every container asks for memory and has a limit: a quota takes it, a leak spares the node."""
    for _, pod in pods(render(values("seaweedfs postgresql-parts plain"))):
        for container in containers(pod):
            assert set(container["resources"]) == {"requests", "limits"}
            assert container["resources"]["limits"]["memory"]


def test_only_s3_listens() -> None:
    """The parts of SeaweedFS that ask nobody for keys listen to their own pod only; its peers' port asks."""
    (pod,) = [pod for name, pod in pods(render(values("seaweedfs sqlite plain"))) if name == "seaweedfs"]
    (container,) = containers(pod)
    assert {"-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3.ip.bind=0.0.0.0"} <= set(container["args"])
    assert [port["containerPort"] for port in container["ports"]] == [8333]
    signing = {"secretKeyRef": {"name": "nasflow-store", "key": "AWS_SECRET_ACCESS_KEY"}}
    assert environment(container)["WEED_JWT_FILER_SIGNING_KEY"] == signing
