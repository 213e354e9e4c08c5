import json
import re
import time
from pathlib import Path

import pytest
import yaml
from tests.images.containers import ROOM, Image, docker

import nasflow

PROJECT = Path(__file__).parents[2]
pytestmark = pytest.mark.cluster

TINY = {
    "name": "tiny",
    "seed": 1,
    "data": {"name": "digits", "held_out": 100, "train_images": 150},
    "host": {"kind": "densenet", "growth": 4, "blocks": 1, "stages": 2},
    "start": {"epochs": 1, "learning_rate": 0.1},
    "child": {"epochs": 1},
    "children_per_round": 2,
    "budget": {"children": 2},
    "finish": {
        "host": {"kind": "densenet", "growth": 4, "blocks": 1, "stages": 2},
        "recipe": {"epochs": 1, "learning_rate": 0.1},
    },
}
"""One round of two children."""

SECRET = re.compile(
    r"password|passwd|secret|token|credential|access_key|private key|://[^/\s:@]+:[^/\s@]+@", re.IGNORECASE
)
STARTS_WITHIN = 300
"""Seconds; the MLflow server took 30 on two busy cores."""

VERSIONS = """
import json
from importlib.metadata import distributions
print(json.dumps({each.name: each.version for each in distributions()}))
"""

HEALTH = """
from urllib.request import urlopen
print(urlopen('http://127.0.0.1:5000/health', timeout=5).read().decode())
"""

COMPILED = """
import importlib.util, pathlib
for name in ('nasflow', 'nasflow.cli', 'torch', 'mlflow', 'kfp'):
    print(name, pathlib.Path(importlib.util.find_spec(name).cached).exists())
"""

BUILDERS = """
import shutil
print(*filter(shutil.which, 'cc c++ gcc g++ clang ld make nvcc /opt/nasflow/bin/pip'.split()))
"""

LEFT_OVERS = """
import os
for folder, folders, files in os.walk('/'):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in ('/proc', '/sys', '/dev')]
    for name in ('.cache', '.git', '.venv', '.netrc', 'constraints.txt'):
        if name in folders + files:
            print(os.path.join(folder, name))
"""


def test_the_command_answers(image: Image) -> None:
    """`nasflow` is on the PATH, at the version of this tree, for a UID without a name."""
    assert nasflow.__version__ in image.run("nasflow", "--version")


def test_a_whole_search(image: Image, tmp_path: Path) -> None:
    """A search ends with a cell, its store in a mounted folder, and does not miss what the image left out."""
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    said = image.run(*_nasflow("search", f"{ROOM}/tiny.yaml"), writes_to=tmp_path)
    assert "triton" not in said
    shown = json.loads(image.run(*_nasflow("show", "tiny", "--json"), writes_to=tmp_path))
    assert shown["status"] == "finished"


def test_mlflow_server(image: Image) -> None:
    """The image is an MLflow server too: it starts read-only and says that it is well."""
    place = ("--backend-store-uri", "sqlite:////tmp/mlflow.db", "--artifacts-destination", "/tmp/artifacts")
    with image.serving("mlflow", "server", *place, "--workers", "1") as container:
        deadline = time.monotonic() + STARTS_WITHIN
        while (answer := docker("exec", container, "python3", "-c", HEALTH)).returncode != 0:
            assert time.monotonic() < deadline, docker("logs", container).stdout[-3000:]
            time.sleep(0.5)
        assert answer.stdout.strip() == "OK"


def test_what_kubeflow_needs(image: Image) -> None:
    """KFP's wrapper of a component finds `sh`, `mktemp`, and a `python3` that runs its executor."""
    image.run("sh", "-c", 'cd "$(mktemp -d)" && touch here && python3 -m kfp.dsl.executor_main --help')


def test_no_entry_point(image: Image) -> None:
    """A command given to the image is what runs: KFP's Docker runner does not replace an entry point."""
    assert not image.config["Entrypoint"]


def test_user_is_a_number(image: Image) -> None:
    """Kubernetes can tell that the user is not root, and the group owns nothing but what all may read."""
    assert re.fullmatch(r"[1-9]\d*:0", image.config["User"])


def test_home(image: Image) -> None:
    """Everything that a library may want to write by itself goes under /tmp, which the image leaves empty."""
    environment = dict(entry.split("=", 1) for entry in image.config["Env"])
    places = [environment[name] for name in ("HOME", "MPLCONFIGDIR", "XDG_CACHE_HOME")]
    assert [place for place in places if not (place == "/tmp" or place.startswith("/tmp/"))] == []
    assert environment["PYTHONDONTWRITEBYTECODE"] == "1"
    assert image.as_root("import os; print(*os.listdir('/tmp'))").split() == []


def test_byte_code(image: Image) -> None:
    """Nothing is compiled at each start, as it could not be kept."""
    assert "False" not in image.python(COMPILED)


def test_nothing_to_build_with(image: Image) -> None:
    """No compiler, no pip of the project, no cache of pip, nothing of the repository but the package."""
    assert image.as_root(BUILDERS).split() == []
    assert image.as_root(LEFT_OVERS).split() == []


def test_no_secret(image: Image) -> None:
    """Neither the environment, nor the labels, nor a command of the history holds anything secret."""
    told = [*image.config["Env"], *image.config["Labels"].values(), *image.history().splitlines()]
    assert [line for line in told if SECRET.search(line)] == []


def test_labels(image: Image) -> None:
    """The image says what it is and what it was made from."""
    labels = {
        name.removeprefix("org.opencontainers.image."): text for name, text in image.config["Labels"].items()
    }
    assert labels["title"] == "nasflow"
    assert labels["version"] == nasflow.__version__
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?", labels["revision"])
    assert labels["base.name"]


def test_pinned(image: Image) -> None:
    """Every distribution in the image has the version of constraints.txt; `+cpu` is no other version."""
    lines = (PROJECT / "constraints.txt").read_text().splitlines()
    pinned = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    pinned = {_normal(name): text for name, text in pinned.items()} | {"nasflow": nasflow.__version__}
    found = {_normal(name): text.split("+")[0] for name, text in json.loads(image.python(VERSIONS)).items()}
    assert {name: text for name, text in found.items() if pinned.get(name) != text} == {}


def test_bill_of_materials(image: Image) -> None:
    """The image tells what it is made of: each distribution in it at its version, and nothing else."""
    bill = json.loads(image.run("cat", "/opt/nasflow/sbom.cdx.json"))
    told = {each["name"]: each["version"] for each in bill["components"]}
    found = json.loads(image.python(VERSIONS))
    assert told == {_normal(name): version for name, version in found.items()}


def _nasflow(*arguments: str) -> tuple[str, ...]:
    return ("nasflow", *arguments, "--store", f"{ROOM}/store")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
