"""Steps as pods of a namespace that enforces the restricted Pod Security Standard."""

import ast
import contextlib
from typing import Any
from uuid import uuid4

from kubernetes import client, config, watch
from tests.cluster.reach import IMAGE

from nasflow.pipelines.placement import labels
from nasflow.search.cluster import Cluster
from nasflow.steps.table import Step

PATIENCE = 600
"""Seconds until a step's pod must have ended."""

OUTPUTS = {
    Step.EVALUATE: "print, '/tmp/cell.html'",
    Step.CHILD: "print, '/tmp/cell.html'",
    Step.RETRAIN: "print, '/tmp/cell.html'",
    Step.UPDATE: "'/tmp/links.md'",
    Step.ADVANCE: "1",
    Step.EVALUATE_ON_TEST: "print",
    Step.REGISTER_AND_REPORT: "'/tmp/report.html', '/tmp/links.md'",
}
"""What components give besides ids of search and child."""


class Pods:
    """Starts steps in one namespace."""

    def __init__(self, namespace: str) -> None:
        config.load_kube_config()
        self._core, self._namespace = client.CoreV1Api(), namespace

    def run(self, step: Step, search: str, child: str | None = None) -> list[str]:
        """Run a step to its end: the ids that it returns. A test fails here if the step does."""
        return self.end(self.start(step, search, child))

    def start(self, step: Step, search: str, child: str | None = None) -> str:
        """Start a step; the pod's name."""
        call = f"Pod({search!r}, {child or ''!r}).{step.function}({OUTPUTS.get(step, '')})"
        program = f"from nasflow.steps.pods import Pod; print({call})"
        return self._start(step.title, program, labels(search, Cluster(image=IMAGE)))

    def try_out(self, program: str, labels: dict[str, str]) -> bool:
        """Whether a program ends well in a pod with these labels."""
        return self._phase_at_end(self._start("try-out", program, labels)) == "Succeeded"

    def _start(self, title: str, program: str, labels: dict[str, str]) -> str:
        name = f"{title}-{uuid4().hex[:6]}"
        self._core.create_namespaced_pod(self._namespace, _pod(name, program, labels))
        return name

    def end(self, name: str) -> list[str]:
        """Wait for a pod's end: the ids that its step returned."""
        phase = self._phase_at_end(name)
        log = str(self._core.read_namespaced_pod_log(name, self._namespace))
        assert phase == "Succeeded", f"{name}: {phase}\n{log[-3000:]}"
        return list(ast.literal_eval(log.splitlines()[-1]) or ())

    def kill(self, name: str) -> None:
        """Delete a pod at once, as a lost node does: nothing in it gets the time to say a word."""
        self._core.delete_namespaced_pod(name, self._namespace, grace_period_seconds=0)

    def _phase_at_end(self, name: str) -> str:
        events = watch.Watch().stream(
            self._core.list_namespaced_pod,
            self._namespace,
            field_selector=f"metadata.name={name}",
            timeout_seconds=PATIENCE,
        )
        with contextlib.closing(events):
            phase = "Pending"
            for event in events:
                phase = str(event["object"].status.phase)
                if phase in {"Succeeded", "Failed"}:
                    break
        return phase


def _pod(name: str, program: str, labels: dict[str, str]) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "restartPolicy": "Never",
            "serviceAccountName": "nasflow-runner",
            "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [
                {
                    "name": "main",
                    "image": IMAGE,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["python3", "-c", program],
                    "envFrom": [
                        {"configMapRef": {"name": "nasflow"}},
                        {"secretRef": {"name": "nasflow-store"}},
                    ],
                    # No Kubeflow here: the test plays its part.
                    "env": [{"name": "NASFLOW_KFP_HOST", "value": ""}],
                    "resources": {
                        "requests": {"cpu": "100m", "memory": "512Mi"},
                        "limits": {"memory": "2Gi"},
                    },
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "readOnlyRootFilesystem": True,
                        "capabilities": {"drop": ["ALL"]},
                    },
                    "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
                }
            ],
            "volumes": [{"name": "tmp", "emptyDir": {}}],
        },
    }
