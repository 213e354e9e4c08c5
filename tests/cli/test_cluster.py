from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cli.calling import call, write_config
from tests.steps.samples import copy_of_finished, open_archive

from nasflow.search.cluster import Cluster, Submission
from nasflow.steps.keys import submission_key

pytestmark = pytest.mark.usefixtures("quick_pipelines")

CLUSTER: dict[str, Any] = {"image": "nasflow:1"}
NOWHERE = "http://127.0.0.1:9"
"""An address at which nobody answers."""


@pytest.fixture(autouse=True)
def _no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither Kubeflow nor Kubernetes nor MLflow of whoever runs the tests."""
    for name in ("NASFLOW_KFP_HOST", "NASFLOW_KFP_TOKEN", "NASFLOW_KFP_AUTH", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KUBECONFIG", "/nowhere")


def test_compile_writes_both_pipelines(tmp_path: Path) -> None:
    """`compile` writes the YAML that Kubeflow takes, and prints where."""
    said = call("compile", write_config(tmp_path, cluster=CLUSTER), "--output", tmp_path / "out")
    assert said.code == 0
    assert said.out.split() == [str(tmp_path / "out" / name) for name in ("search.yaml", "finish.yaml")]
    names = [
        next(yaml.safe_load_all(Path(file).read_text()))["pipelineInfo"]["name"] for file in said.out.split()
    ]
    assert names == ["nasflow-search", "nasflow-finish"]


def test_compile_spares_its_configuration(tmp_path: Path) -> None:
    """A configuration that bears the name of an output is not overwritten."""
    file = write_config(tmp_path, cluster=CLUSTER)
    before = file.read_text()
    said = call("compile", file, "--output", tmp_path)
    assert said.code == 2
    assert "--output" in said.error
    assert file.read_text() == before


def test_a_configuration_without_a_cluster(tmp_path: Path) -> None:
    """Without `cluster:` nothing is compiled or submitted, and an example is named."""
    for command in (("compile",), ("submit", "--store", "s3://bucket/state")):
        said = call(*command, write_config(tmp_path))
        assert said.code == 2
        assert "examples/cluster.yaml" in said.error


def test_kubeflow_is_not_named(tmp_path: Path) -> None:
    """The variable is named, with an example and the port-forward."""
    said = call("submit", write_config(tmp_path, cluster=CLUSTER), "--store", "s3://bucket/state")
    assert said.code == 10
    assert "NASFLOW_KFP_HOST is not set" in said.error
    assert "port-forward" in said.error


def test_prepared_without_kubeflow(s3_url: str, tmp_path: Path) -> None:
    """`submit --prepare` needs no Kubeflow: it says under which name, with which arguments to submit."""
    file = write_config(tmp_path, cluster=CLUSTER)
    said = call("submit", file, "--prepare", "--store", s3_url, "--json")
    assert said.code == 0
    assert said.json["name"].startswith("tiny-")
    assert said.json["arguments"] == {"search": "tiny", "number": 1}
    assert said.json["name"] in call("submit", file, "--prepare", "--store", s3_url).out


def test_kubeflow_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line with the address and the remedy, and nothing is written; a password in it is not shown."""
    monkeypatch.setenv("NASFLOW_KFP_HOST", NOWHERE.replace("//", "//me:hunter2@"))
    store = tmp_path / "store"
    said = call("submit", write_config(tmp_path, cluster=CLUSTER), "--store", store)
    assert said.code == 10
    assert NOWHERE.replace("//", "//***@") in said.error
    assert "hunter2" not in said.error
    assert not store.exists()


def test_a_search_that_was_never_submitted(tmp_path: Path) -> None:
    """`status`, `stop` and `logs` say so, and how to submit it."""
    store = copy_of_finished(tmp_path)
    for command in ("status", "stop", "logs"):
        said = call(command, "tiny", "--store", store)
        assert said.code == 4
        assert "nasflow submit" in said.error


def test_logs_of_a_search_without_a_run(tmp_path: Path) -> None:
    """Nobody has deleted its pods: it never had any."""
    store = copy_of_finished(tmp_path)
    submission = Submission(tag="abcdef", cluster=Cluster(image="nasflow:1"), search="a", finish="b")
    open_archive(store).replace(submission_key("tiny"), submission, None)
    said = call("logs", "tiny", "--store", store)
    assert said.code == 4
    assert "search 'tiny' has no run yet" in said.error


def test_doctor_of_an_mlflow_out_of_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The remedy is one for MLflow: nothing was to be shown yet."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    said = call("doctor", "--store", tmp_path / "store")
    assert said.code == 11
    assert (
        "mlflow: MLflow at http://127.0.0.1:9 cannot be used (nobody listens there): it has to be" in said.out
    )
    assert "mlflow.allowedHosts" in said.out


def test_a_file_in_the_way_of_compile(tmp_path: Path) -> None:
    """An output folder that cannot be is one line."""
    (tmp_path / "file").touch()
    said = call("compile", write_config(tmp_path, cluster=CLUSTER), "--output", tmp_path / "file")
    assert said.code == 4
    assert str(tmp_path / "file") in said.error


def test_doctor_of_a_healthy_store(s3_url: str) -> None:
    """A store with conditional writes is good; MLflow is skipped where none is named."""
    said = call("doctor", "--store", s3_url, "--json")
    assert said.code == 0
    assert [(each["name"], each["state"]) for each in said.json] == [("store", "good"), ("mlflow", "skip")]


def test_doctor_of_a_search(tmp_path: Path) -> None:
    """What would be said when it begins, and nothing is written for it but what tries the store."""
    store = tmp_path / "store"
    said = call("doctor", write_config(tmp_path), "--store", store, "--json")
    assert said.code == 0, said.err
    assert {each["name"]: each["state"] for each in said.json}["search"] == "good"
    said = call("doctor", write_config(tmp_path, budget={"children": 10**12}), "--store", store)
    assert said.code == 0
    assert "warn  search: store " in said.out
    host = {"kind": "densenet", "growth": 300_000, "blocks": 1, "stages": 2}
    said = call("doctor", write_config(tmp_path, host=host), "--store", store)
    assert said.code == 11
    assert "bad   search: start: " in said.out
    assert not list(store.glob("searches/*"))


def test_doctor_of_a_search_in_pods(tmp_path: Path) -> None:
    """On a cluster the pods' memory counts; where they have an accelerator, nobody knows."""
    host = {"kind": "densenet", "growth": 1500, "blocks": 1, "stages": 2}
    for accelerator, found in ((None, True), ("nvidia.com/gpu", False)):
        train = {"memory": "64Mi", "accelerator": accelerator}
        file = write_config(tmp_path, host=host, cluster=CLUSTER | {"train": train})
        said = call("doctor", file, "--cluster", "--store", tmp_path / "store")
        assert ("a pod of cluster.train has 64 MiB" in said.out) == found
        assert ("good  search: " in said.out) != found


def test_doctor_of_wrong_credentials(s3_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong keys fail the check with a remedy, and are shown nowhere."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-but-secret")
    said = call("doctor", "--store", s3_url)
    assert said.code == 11
    assert "bad   store" in said.out
    assert "wrong-but-secret" not in said.out + said.err


def test_doctor_of_a_cluster_that_is_not_there(tmp_path: Path) -> None:
    """Every check says what is missing; none ends in a traceback."""
    file = write_config(tmp_path, cluster=CLUSTER)
    said = call("doctor", file, "--cluster", "--store", tmp_path / "store")
    assert said.code == 11
    assert "bad   kubeflow: NASFLOW_KFP_HOST is not set" in said.out
    assert "set KUBECONFIG" in said.out


def test_doctor_needs_to_know_the_cluster() -> None:
    """--cluster without a configuration is refused."""
    said = call("doctor", "--cluster")
    assert said.code == 2
    assert "CONFIG" in said.error
