"""What the image is made of, as `name==version --hash=sha256:...` for pip's --require-hashes.

`python3 hashes.py REQUIREMENTS CONSTRAINTS [PIP-ARGUMENT ...]`. `make hashes` runs it in the image's base,
because pip chooses files for the Python and the machine that it runs on. The index's word is taken this once.
"""

import json
import subprocess
import sys
from typing import Any

PIP = (sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-")


def main(requirements: str, constraints: str, *pip_arguments: str) -> None:
    """Print a line for each file that pip would install; exit as pip does if it fails."""
    # setuptools builds what comes as source.
    wanted = ("--requirement", requirements, "--constraint", constraints, "setuptools", *pip_arguments)
    asked = subprocess.run([*PIP, *wanted], stdout=subprocess.PIPE, check=False)
    if asked.returncode:
        sys.exit(asked.returncode)
    print(*sorted(map(line, json.loads(asked.stdout)["install"]), key=str.lower), sep="\n")


def line(chosen: dict[str, Any]) -> str:
    """The line for one entry of pip's report; exits where the index tells no hash."""
    name, version = chosen["metadata"]["name"], chosen["metadata"]["version"]
    digest = chosen["download_info"].get("archive_info", {}).get("hashes", {}).get("sha256")
    if digest is None:
        sys.exit(f"no SHA-256 of {name} {version}: its index tells none")
    return f"{name}=={version} --hash=sha256:{digest}"


if __name__ == "__main__":
    main(*sys.argv[1:])
