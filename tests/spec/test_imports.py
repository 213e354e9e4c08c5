import pkgutil
import subprocess
import sys

import nasflow.spec


def test_no_heavy_imports() -> None:
    """All of nasflow.spec is read without torch or any other heavy library."""
    names = [f"nasflow.spec.{module.name}" for module in pkgutil.iter_modules(nasflow.spec.__path__)]
    heavy = ["torch", "torchvision", "numpy", "scipy", "sklearn", "mlflow", "kfp", "boto3", "matplotlib"]
    program = f"import sys, {', '.join(names)}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
