import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.steps.samples import finished_once

import nasflow

HEAVY = {"torch", "torchvision", "mlflow", "boto3", "botocore", "kfp", "numpy", "scipy", "sklearn"}
HEAVY |= {"matplotlib", "jinja2", "yaml", "safetensors", "rich"}

LOADED = "import sys, json; modules = set(sys.modules); print(json.dumps(sorted(modules)), file=sys.stderr)"
PROGRAM = f"""
import sys
from nasflow.cli import main
sys.argv[0] = "nasflow"
try:
    main()
finally:
    {LOADED}
"""


def start(*arguments: str) -> set[str]:
    """Run a command in a new process; the packages it imported."""
    end = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=os.environ | {"PYTHONPATH": str(Path(nasflow.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.split(".")[0] for name in json.loads(end.stderr.splitlines()[-1])}


def test_help_needs_no_models() -> None:
    """`nasflow --help` loads no pydantic either (newer typers read options and arguments by it)."""
    assert "pydantic" not in start("--help")


@pytest.mark.parametrize("command", [["--help"], ["search", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(command: list[str]) -> None:
    """Hence it is quick, which `make bench` measures."""
    assert not start(*command) & HEAVY


def test_looking_at_cells_needs_no_torch() -> None:
    """Describing a cell and printing schemas load neither torch nor MLflow."""
    for command in (["cell", "TreeCell-A"], ["schema"]):
        packages = start(*command)
        assert not packages & {"torch", "mlflow", "boto3", "kfp", "sklearn"}


@pytest.mark.parametrize(
    "command", [["list"], ["show", "tiny"], ["report", "tiny"]], ids=lambda each: each[0]
)
def test_looking_at_searches_needs_no_torch(command: list[str]) -> None:
    """What is only read is shown at once: torch would take seconds to come, and as many to go."""
    packages = start(*command, "--store", str(finished_once()))
    assert not packages & {"torch", "torchvision", "mlflow", "boto3", "kfp", "sklearn"}
