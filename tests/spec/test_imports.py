import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

import nasflow.base
import nasflow.search
import nasflow.spec

HEAVY = ["torch", "torchvision", "numpy", "scipy", "sklearn", "mlflow", "kfp", "boto3", "matplotlib"]


@pytest.mark.parametrize("room", [nasflow.base, nasflow.spec, nasflow.search])
def test_no_heavy_imports(room: ModuleType) -> None:
    """All of a room that is data is read without torch or any other heavy library."""
    names = [module.name for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}.")]
    program = f"import sys, {', '.join(names)}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
