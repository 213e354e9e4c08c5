"""`nasflow doctor --cluster` on a healthy namespace, and on others."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.charts.installation import Installation
from tests.cli.calling import write_config
from tests.cluster.reach import IMAGE

from nasflow.backends.readiness import check_ready
from nasflow.base.errors import NotReady
from nasflow.search.cluster import Cluster

pytestmark = pytest.mark.cluster

Checks = dict[str, tuple[str, str]]
"""State and text, by name."""


def doctor(installation: Installation, url: str, folder: Path, **changes: Any) -> Checks:
    """What doctor says of a configuration for the installation, but for some changes of it."""
    cluster = {"image": IMAGE, "namespace": installation.namespace, "train": {"cpu": "1"}} | changes
    file = write_config(folder, cluster=cluster)
    # In a process of its own: kfp.local, where another test used it, logs to this one's standard output.
    nasflow = str(Path(sys.executable).with_name("nasflow"))
    command = [nasflow, "doctor", str(file), "--cluster", "--store", url]
    said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    lines = said.stdout.splitlines()
    checks = {name: (state, text) for state, name, text in map(_split, lines)}
    assert said.returncode == (11 if "bad" in states(checks).values() else 0)
    assert len(checks) == len(lines) == 13
    return checks


def _split(line: str) -> tuple[str, str, str]:
    start, _, text = line.partition(": ")
    state, _, name = start.partition(" ")
    return state, name.strip(), text


def states(checks: Checks, *but: str) -> dict[str, str]:
    """The states of all checks but some."""
    return {name: state for name, (state, _) in checks.items() if name not in but}


def test_healthy(installation: Installation, url: str, tmp_path: Path) -> None:
    """What the chart made is good; Kubeflow is good where there is one, and else said to be missing."""
    checks = doctor(installation, url, tmp_path)
    # Whether Argo is there, and whose retries count, is the cluster's own affair.
    assert states(checks, "kubeflow", "argo retries") == {
        "store": "good",
        "mlflow": "good",
        "search": "good",
        "kubernetes": "good",
        "pods": "good",
        "config map": "good",
        "secret": "good",
        "service account": "good",
        "image": "good",
        "nodes": "good",
        "kueue": "skip",
    }
    state, text = checks["kubeflow"]
    if os.environ.get("NASFLOW_KFP_HOST"):
        assert state in {"good", "warn"}
    else:
        assert (state, "NASFLOW_KFP_HOST is not set" in text) == ("bad", True)


def test_what_submit_refuses(installation: Installation, url: str) -> None:
    """What pods cannot begin without is asked for before they are submitted; a whole installation has it."""
    cluster = Cluster.model_validate(
        {"image": IMAGE, "namespace": installation.namespace, "train": {"cpu": "1", "accelerator": None}}
    )
    check_ready(cluster, url)
    for changes, said in (
        ({"secret": "keys"}, "keys is missing in"),
        ({"config_map": "settings"}, "settings is missing in"),
        ({"service_account": "nobody"}, "nobody is missing in"),
    ):
        with pytest.raises(NotReady, match=f"{said}.*--force submits all the same"):
            check_ready(cluster.model_copy(update=changes), url)
    with pytest.raises(NotReady, match="pods use the store"):
        check_ready(cluster, "s3://elsewhere/search")


def test_another_namespace(installation: Installation, url: str, tmp_path: Path) -> None:
    """Where the chart is not installed, each of its objects is missing, and the chart is the remedy."""
    checks = doctor(installation, url, tmp_path, namespace="kube-public")
    for name in ("config map", "secret", "service account"):
        assert checks[name][0] == "bad"
        assert "missing in kube-public: install the chart" in checks[name][1]


@pytest.mark.parametrize(
    ("changes", "name", "text"),
    [
        (
            {"train": {"accelerator": "example.com/none", "accelerators": 2}},
            "nodes",
            "no node in this cluster has 2 example.com/none: install its device plugin",
        ),
        ({"secret": "half"}, "secret", "half lacks AWS_SECRET_ACCESS_KEY"),
        ({"queue": "gpus"}, "kueue", "LocalQueue gpus is missing in"),
    ],
)
def test_one_thing_wrong(
    changes: dict[str, Any], name: str, text: str, installation: Installation, url: str, tmp_path: Path
) -> None:
    """What is wrong is one line with its remedy, and the rest stays good."""
    if name == "secret":
        half = ("secret", "generic", "half", "--from-literal=AWS_ACCESS_KEY_ID=id")
        installation.kubectl("create", *half)
    healthy = doctor(installation, url, tmp_path)
    checks = doctor(installation, url, tmp_path, **changes)
    assert checks[name][0] == "bad"
    assert text in checks[name][1]
    assert states(checks, name) == states(healthy, name)
