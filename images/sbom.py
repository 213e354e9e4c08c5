"""Prints the Python packages that this interpreter finds, as a CycloneDX 1.6 bill of materials.

No time and no serial number are in it: the same packages give the same text.
"""

import json
import re
from importlib.metadata import Distribution, distributions
from typing import Any


def bill() -> dict[str, Any]:
    """The bill, its components by name."""
    found: dict[str, dict[str, Any]] = {}
    for each in map(component, distributions()):
        # A second one of a name, further down the path, is never imported.
        found.setdefault(each["name"], each)
    components = [found[name] for name in sorted(found)]
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}


def component(found: Distribution) -> dict[str, Any]:
    """One package, with its licence where that is told as an SPDX expression."""
    name = re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower()
    purl = f"pkg:pypi/{name}@{found.version.replace('+', '%2B')}"
    told = {"type": "library", "bom-ref": purl, "name": name, "version": found.version, "purl": purl}
    if "License-Expression" not in found.metadata:
        return told
    return told | {"licenses": [{"expression": found.metadata["License-Expression"]}]}


if __name__ == "__main__":
    print(json.dumps(bill(), indent=1))
