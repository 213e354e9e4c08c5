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
import sys, time
from nasflow.cli import main
sys.argv[0] = "nasflow"
try:
    main()
finally:
    {LOADED}
    print(time.process_time(), file=sys.stderr)
"""


def start(*arguments: str) -> tuple[set[str], float]:
    """Run a command in a new process; the packages it imported and the seconds of CPU it took."""
    end = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=os.environ | {"PYTHONPATH": str(Path(nasflow.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    modules, seconds = end.stderr.splitlines()[-2:]
    return {name.split(".")[0] for name in json.loads(modules)}, float(seconds)


def test_help_needs_no_models() -> None:
    """`nasflow --help` loads no pydantic either (newer typers read options and arguments by it)."""
    assert "pydantic" not in start("--help")[0]


@pytest.mark.parametrize("command", [["--help"], ["search", "--help"], ["--version"]])
def test_help_is_quick(command: list[str]) -> None:
    """Help imports none of the heavy packages; on a quiet machine it takes 0.1 seconds of CPU."""
    packages, seconds = min((start(*command) for _ in range(3)), key=lambda end: end[1])
    assert not packages & HEAVY
    assert seconds < (0.3 if command == ["--help"] else 0.6)


def test_looking_at_cells_needs_no_torch() -> None:
    """Describing a cell and printing schemas load neither torch nor MLflow."""
    for command in (["cell", "TreeCell-A"], ["schema"]):
        packages, _ = start(*command)
        assert not packages & {"torch", "mlflow", "boto3", "kfp", "sklearn"}


@pytest.mark.parametrize(
    "command", [["list"], ["show", "tiny"], ["report", "tiny"]], ids=lambda each: each[0]
)
def test_looking_at_searches_needs_no_torch(command: list[str]) -> None:
    """What is only read is shown at once: torch would take seconds to come, and as many to go."""
    packages, _ = start(*command, "--store", str(finished_once()))
    assert not packages & {"torch", "torchvision", "mlflow", "boto3", "kfp", "sklearn"}
