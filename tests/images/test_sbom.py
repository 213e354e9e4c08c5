import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "images" / "sbom.py"


def test_bill_of_materials() -> None:
    """Each package that can be imported is told once, at its version, by the address that scanners know."""
    said = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=True)
    bill = json.loads(said.stdout)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    told = {each["name"]: each for each in bill["components"]}
    assert len(told) == len(bill["components"])
    for name in ("nasflow", "torch", "typing-extensions"):
        assert told[name]["version"] == version(name)
        assert told[name]["purl"] == f"pkg:pypi/{name}@{version(name).replace('+', '%2B')}"
    assert told["pydantic"]["licenses"] == [{"expression": "MIT"}]
