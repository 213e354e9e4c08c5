import json
import shlex
import subprocess
from typing import Any

import pytest
import yaml

from .rendering import CHART, Values, containers, helm, pods, refusal, render, render_again, values

WRONG: list[tuple[Values, str]] = [
    ({"imagee": {}}, "'imagee' not allowed"),
    ({"image": {"tagg": "1"}}, "at '/image': additional properties 'tagg' not allowed"),
    ({"seaweedfs": {"enabled": "yes"}}, "at '/seaweedfs/enabled': got string, want boolean"),
    ({"mlflow": {"backend": "mysql"}}, "must be one of 'sqlite', 'postgresql'"),
    ({"mlflow": {"workers": 0}}, "at '/mlflow/workers': minimum"),
    ({"mlflow": {"sqlite": {"size": "big"}}}, "at '/mlflow/sqlite/size'"),
    ({"store": {"url": "/home/me/store"}}, "at '/store/url'"),
    ({"store": {"endpoint": "s3.example.com"}}, "at '/store/endpoint'"),
    ({"image": {"digest": "sha256:abc"}}, "at '/image/digest'"),
    ({"security": {"runAsUser": 0}}, "at '/security/runAsUser'"),
    ({"kueue": {"queue": "Not_A_Name"}}, "at '/kueue/queue'"),
    ({"seaweedfs": {"tolerations": [{"keyy": "spot"}]}}, "'keyy' not allowed"),
]
KEYS: Values = {"accessKey": "a", "secretKey": "b"}
INCOMPLETE: list[tuple[Values, str]] = [
    ({}, "store.url is empty: give s3://bucket/prefix, or seaweedfs.enabled=true"),
    ({"store": {"url": "s3://bucket"}}, "the store has no keys: give store.accessKey and store.secretKey"),
    ({"store": {"url": "s3://bucket", "accessKey": "a"}}, "belong together"),
    ({"store": {"url": "s3://bucket", "existingSecret": "theirs", **KEYS}}, "exclude each other"),
    ({"store": {"url": "s3://bucket", "endpoint": "http://me:pw@s3", **KEYS}}, "store.endpoint holds a user"),
    ({"store": {"url": "s3://bucket", "workloadIdentity": True, **KEYS}}, "a store without keys"),
    ({"seaweedfs": {"enabled": True}, "mlflow": {"enabled": False}}, "the address of your MLflow"),
    ({"seaweedfs": {"enabled": True}, "mlflow": {"uri": "http://mlflow"}}, "set mlflow.enabled=false"),
    (
        {"seaweedfs": {"enabled": True}, "mlflow": {"backend": "postgresql"}},
        "mlflow.postgresql.uriSecret, or",
    ),
    (
        {"seaweedfs": {"enabled": True}, "mlflow": {"backend": "postgresql", "postgresql": {"host": "db"}}},
        "needs mlflow.postgresql.passwordSecret",
    ),
    (
        {
            "seaweedfs": {"enabled": True},
            "mlflow": {"backend": "postgresql", "postgresql": {"host": "db", "uriSecret": "database"}},
        },
        "exclude each other",
    ),
    ({"seaweedfs": {"enabled": True}, "mlflow": {"ingress": {"enabled": True}}}, "mlflow.ingress.host"),
    ({"seaweedfs": {"enabled": True}, "kueue": {"queue": "searches"}}, "give both or none"),
    ({"seaweedfs": {"enabled": True}, "runner": {"serviceAccount": {"create": False}}}, "the name of yours"),
]


@pytest.mark.parametrize(("given", "message"), WRONG + INCOMPLETE)
def test_refused(given: Values, message: str) -> None:
    """Values that cannot be are refused, with the value's name and what it may be."""
    said = refusal(given)
    assert message in said
    assert "pw@" not in said


def test_default_values_fit_the_schema() -> None:
    """Every default has an entry in the schema, and the schema has no entry without a default."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    assert keys_of(schema, schema) - {"global"} == set(paths(defaults))


def keys_of(schema: dict[str, Any], node: dict[str, Any], path: str = "") -> set[str]:
    """The paths that a strict schema knows; each object must refuse what it does not know."""
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    if "properties" not in node or path.endswith((".resources", ".affinity")):
        return {path}
    assert node["additionalProperties"] is False, path
    found = [keys_of(schema, child, f"{path}.{key}".lstrip(".")) for key, child in node["properties"].items()]
    return set().union(*found)


def paths(defaults: dict[str, Any], path: str = "") -> list[str]:
    """The paths of the default values."""
    found = []
    for key, value in defaults.items():
        here = f"{path}.{key}".lstrip(".")
        deeper = isinstance(value, dict) and value and not here.endswith(".resources")
        found += paths(value, here) if deeper else [here]
    return found


@pytest.mark.parametrize("name", ["seaweedfs sqlite full", "keys postgresql-parts open"])
def test_lint(name: str) -> None:
    """`helm lint --strict` has nothing to say."""
    command = [str(helm()), "lint", "--strict", str(CHART), "--values", "-"]
    result = subprocess.run(
        command, input=json.dumps(values(name)), capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def commands() -> list[str]:
    """The `helm install` commands of the chart's README."""
    text = (CHART / "README.md").read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line.startswith("helm install ")]


@pytest.mark.parametrize("command", commands())
def test_commands_of_the_readme(command: str) -> None:
    """Each `helm install` of the README is one that helm takes."""
    words = shlex.split(command)
    assert words[:4] == ["helm", "install", "nasflow", "charts/nasflow"]
    result = subprocess.run(
        [str(helm()), "template", *words[2:]],
        cwd=CHART.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_version_is_the_projects() -> None:
    """The image's tag is nasflow's version where no other is given."""
    from nasflow import __version__

    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == __version__
    (pod,) = [each for each in render(values("keys mlflow-of-theirs plain")) if each["kind"] == "Pod"]
    assert pod["spec"]["containers"][0]["image"] == f"nasflow:{__version__}"


def test_image_by_digest() -> None:
    """A digest wins over the tag, in every pod."""
    digest = "sha256:" + "0" * 64
    both = {"tag": "4.48", "digest": digest}
    given = values("seaweedfs claim plain") | {"image": both, "seaweedfs": {"enabled": True, "image": both}}
    images = {each["image"] for _, pod in pods(render(given)) for each in containers(pod)}
    assert images == {f"nasflow@{digest}", f"chrislusf/seaweedfs@{digest}"}


@pytest.mark.parametrize(("store", "changing"), [("secret", set()), ("made-keys", {"Secret"})])
def test_rendered_again(store: str, changing: set[str]) -> None:
    """Without a cluster to read keys back from, nothing changes where a Secret is named.

    Made keys are new."""
    given = values(f"{store} sqlite plain")
    pairs = zip(render_again(given), render_again(given), strict=True)
    assert {first["kind"] for first, second in pairs if first != second} == changing
