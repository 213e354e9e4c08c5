"""The chart on a real Kubernetes, in a namespace that enforces the restricted standard."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .rendering import CHART, Values, helm

KIT = Path(__file__).parents[3] / "shared" / "cluster"
"""Programs that bring up a cluster on a development machine, if they are there."""

_KIT_STATE = os.environ.get("NASFLOW_CLUSTER_STATE", "/var/lib/nasflow-cluster")
_WEED_IMAGE = "nasflow-seaweedfs:test"
PATIENCE = "15m"
"""How long an installation may take: MLflow reads its image for the first time."""


@dataclass(frozen=True)
class Installation:
    """A release of the chart, named nasflow, in a namespace of its own."""

    namespace: str

    def kubectl(self, *arguments: str) -> str:
        """What kubectl says; raise CalledProcessError if it fails."""
        return _run("kubectl", "--namespace", self.namespace, *arguments)

    def install(self, given: Values) -> None:
        """Install or upgrade to these values alone, and wait until every pod is ready."""
        waiting = ("--install", "--reset-values", "--wait", "--timeout", PATIENCE)
        command = (str(helm()), "upgrade", "nasflow", str(CHART), "--namespace", self.namespace, *waiting)
        try:
            _run(*command, "--values", "-", given=json.dumps(given))
        except subprocess.CalledProcessError as error:
            raise AssertionError(f"{error.stderr}\n{self.kubectl('get', 'pods,events')}") from None

    def helm(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What helm says about this namespace."""
        command = [str(helm()), *arguments, "--namespace", self.namespace]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def secret(self) -> dict[str, str]:
        """The store's keys."""
        data = json.loads(self.kubectl("get", "secret", "nasflow-store", "--output", "json"))["data"]
        return {name: base64.b64decode(value).decode() for name, value in data.items()}

    def may(self, verb: str, resource: str, **attributes: str) -> bool:
        """Whether the steps' account may do something; `attributes` are group, subresource, name.

        Kubernetes is asked itself: `kubectl auth can-i` knows no group whose resources are not installed.
        """
        asked = {"namespace": self.namespace, "verb": verb, "resource": resource, **attributes}
        account = f"system:serviceaccount:{self.namespace}:nasflow-runner"
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": account, "resourceAttributes": asked},
        }
        reply = _run("kubectl", "create", "--output", "json", "--filename", "-", given=json.dumps(review))
        return bool(json.loads(reply)["status"]["allowed"])

    @contextmanager
    def forwarded(self, service: str, port: int) -> Iterator[str]:
        """The address on this machine of a port-forward to a Service."""
        command = ["kubectl", "--namespace", self.namespace, "port-forward", f"service/{service}", f":{port}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                found = re.search(r"127\.0\.0\.1:(\d+)", process.stdout.readline())
                assert found, f"kubectl forwards nothing to {service}"
                yield f"http://localhost:{found[1]}"
            finally:
                process.kill()


def unavailable() -> str | None:
    """Why there is no cluster to install to; None: there is one."""
    if helm() is None or shutil.which("kubectl") is None:
        return "helm and kubectl are not both on PATH"
    if not os.environ.get("KUBECONFIG"):
        return "KUBECONFIG is not set: no Kubernetes to install to"
    try:
        _run("kubectl", "get", "--raw", "/readyz")
    except subprocess.CalledProcessError as error:
        return f"Kubernetes does not answer: {error.stderr.strip()[-200:]}"
    return None


@contextmanager
def namespace(name: str) -> Iterator[None]:
    """A namespace in which Kubernetes refuses every pod that is not restricted."""
    _run("kubectl", "create", "namespace", name)
    try:
        _run("kubectl", "label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
        yield
    finally:
        _run("kubectl", "delete", "namespace", name)


def image_values(folder: Path) -> Values:
    """Values for the images: nasflow's from NASFLOW_IMAGE, SeaweedFS's from NASFLOW_SEAWEEDFS_IMAGE.

    On the development machine's cluster, which can pull nothing, SeaweedFS's is made of the `weed` at hand.
    """
    given: dict[str, Any] = {"image": _image(os.environ.get("NASFLOW_IMAGE", "nasflow:test"))}
    weed = os.environ.get("NASFLOW_SEAWEEDFS_IMAGE") or _made_weed_image(folder)
    return given | ({"seaweedfs": {"image": _image(weed)}} if weed else {})


def _image(name: str) -> dict[str, str]:
    repository, _, tag = name.rpartition(":")
    return {"repository": repository, "tag": tag}


def _made_weed_image(folder: Path) -> str | None:
    if not os.environ["KUBECONFIG"].startswith(_KIT_STATE) or not (KIT / "make-image").exists():
        return None
    beside = Path(sys.executable).with_name("weed")
    weed = str(beside) if beside.exists() else shutil.which("weed")
    assert weed is not None, "no command `weed`: pip install -e '.[dev]'"
    (folder / "root/usr/bin").mkdir(parents=True)
    shutil.copy(weed, folder / "root/usr/bin/weed")
    _run(str(KIT / "make-image"), _WEED_IMAGE, str(folder / "root"), str(folder / "weed.tar"), "weed")
    _run(str(KIT / "load-image"), str(folder / "weed.tar"))
    return _WEED_IMAGE


def _run(*command: str, given: str | None = None) -> str:
    return subprocess.run(command, input=given, capture_output=True, text=True, check=True).stdout
