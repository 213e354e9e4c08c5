"""How to look at what was tracked."""

import sys

from nasflow.base.settings import BACKEND_STORE_URI, by_name, environment
from nasflow.tracking.address import artifact_folder
from nasflow.tracking.connection import QUIET


def ui_command(uri: str, host: str, port: int) -> list[str] | None:
    """The command line of MLflow's own web page for the database at `uri`; None: `uri` is a server.

    Run it with `ui_environment(uri)`, which holds the address: there may be a password in it.
    """
    if uri.startswith(("http://", "https://")):
        return None
    folder = artifact_folder(uri)
    artifacts = ["--default-artifact-root", folder] if folder else []
    place = ["--host", host, "--port", str(port), "--workers", "1"]
    return [sys.executable, "-m", "mlflow", "ui", *artifacts, *place]


def ui_environment(uri: str) -> dict[str, str]:
    """This process's environment with the database at `uri`, and with telemetry off."""
    return environment() | by_name(QUIET | {BACKEND_STORE_URI: uri})
