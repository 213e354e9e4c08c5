"""The chart as `helm template` renders it, and the combinations of values that the tests go through."""

import functools
import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]
Values = dict[str, Any]

CHART = Path(__file__).parents[2] / "charts" / "nasflow"
NAMESPACE = "profile"
ACCESS, SECRET = "AKIA-OF-THE-TESTS", "the-tests-own-secret"
"""Keys that must be seen in Secrets only."""

_CLUSTER_PROGRAMS = Path("/var/lib/nasflow-cluster/bin")

STORES: dict[str, Values] = {
    "seaweedfs": {"seaweedfs": {"enabled": True}, "store": {"accessKey": ACCESS, "secretKey": SECRET}},
    "made-keys": {"seaweedfs": {"enabled": True}},
    "keys": {"store": {"url": "s3://bucket/prefix", "accessKey": ACCESS, "secretKey": SECRET}},
    "secret": {"store": {"url": "s3://bucket", "endpoint": "http://s3:9000", "existingSecret": "theirs"}},
}
DATABASES: dict[str, Values] = {
    "sqlite": {},
    "claim": {"mlflow": {"sqlite": {"existingClaim": "theirs"}, "upgradeDatabase": True}},
    "postgresql-uri": {"mlflow": {"backend": "postgresql", "postgresql": {"uriSecret": "database"}}},
    "postgresql-parts": {
        "mlflow": {
            "backend": "postgresql",
            "upgradeDatabase": True,
            "postgresql": {"host": "db.example.com", "passwordSecret": "database", "user": "a@b"},
        }
    },
    "mlflow-of-theirs": {"mlflow": {"enabled": False, "uri": "https://mlflow.example.com"}},
}
_PLACE: Values = {
    "podAnnotations": {"note": "theirs"},
    "podLabels": {"team": "pods", "app.kubernetes.io/component": "wrong"},
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "spot", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
}
EXTRAS: dict[str, Values] = {
    "plain": {},
    "full": {
        "extraLabels": {"team": "search", "app.kubernetes.io/name": "wrong"},
        "imagePullSecrets": [{"name": "registry"}],
        "image": {"digest": "sha256:" + "0" * 64},
        "kfp": {"multiUser": True},
        "kueue": {"queue": "searches", "clusterQueue": "gpus"},
        "networkPolicy": {"stepNamespaces": ["kubeflow"], "extraFrom": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]},
        "mlflow": _PLACE,
        "seaweedfs": _PLACE,
        "test": _PLACE,
    },
    "open": {
        "mlflow": {"ingress": {"enabled": True, "host": "mlflow.example.com", "tlsSecret": "certificate"}},
        "networkPolicy": {"enabled": False},
        "security": {"runAsUser": None, "fsGroup": None},
        "runner": {"serviceAccount": {"create": False, "name": "theirs"}},
    },
}
NAMES = [" ".join(names) for names in itertools.product(STORES, DATABASES, EXTRAS)]
"""Every combination, by name."""


def helm() -> str | None:
    """The path of helm: on PATH, or beside the programs of the test cluster."""
    return shutil.which("helm", path=os.pathsep.join([os.environ.get("PATH", ""), str(_CLUSTER_PROGRAMS)]))


def values(name: str) -> Values:
    """The values of a combination."""
    parts = name.split()
    merged: Values = {}
    for choices, part in zip((STORES, DATABASES, EXTRAS), parts, strict=True):
        merged = _merge(merged, choices[part])
    return merged


def render(given: Values, release: str = "nasflow") -> list[Manifest]:
    """What `helm template` makes of values; fails where helm does. Not to be changed: it is kept."""
    return list(_render(json.dumps(given), release))


def render_again(given: Values) -> list[Manifest]:
    """As `render`, but helm is asked anew."""
    return list(_render.__wrapped__(json.dumps(given), "nasflow"))


@functools.cache
def _render(given: str, release: str) -> tuple[Manifest, ...]:
    result = _template(given, release)
    assert result.returncode == 0, result.stderr
    # libyaml's loader: the other one would take longer than helm.
    return tuple(document for document in yaml.load_all(result.stdout, yaml.CSafeLoader) if document)


def refusal(given: Values) -> str:
    """What helm says to values that it refuses."""
    result = _template(json.dumps(given), "nasflow")
    assert result.returncode != 0, "helm takes these values"
    return result.stderr


def _template(given: str, release: str) -> subprocess.CompletedProcess[str]:
    command = [str(helm()), "template", release, str(CHART), "--namespace", NAMESPACE, "--values", "-"]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False)


def _merge(first: Values, second: Values) -> Values:
    merged = dict(first)
    for key, value in second.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def of_kind(manifests: list[Manifest], kind: str) -> list[Manifest]:
    """The objects of one kind."""
    return [manifest for manifest in manifests if manifest["kind"] == kind]


def named(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    """The one object of this kind and name."""
    (found,) = [each for each in of_kind(manifests, kind) if each["metadata"]["name"] == name]
    return found


def pods(manifests: list[Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Every pod that the chart starts: the component's name, and metadata with spec."""
    for manifest in manifests:
        pod = manifest if manifest["kind"] == "Pod" else manifest.get("spec", {}).get("template")
        if pod:
            yield pod["metadata"]["labels"]["app.kubernetes.io/component"], pod


def containers(pod: Manifest) -> list[Manifest]:
    """The containers of a pod, those of its start too."""
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def environment(container: Manifest) -> dict[str, Any]:
    """A container's variables: the value, or where it comes from."""
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}
