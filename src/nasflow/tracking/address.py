"""Where MLflow is, and where its artifacts go."""

from pathlib import Path

from nasflow.base.errors import InvalidSpec
from nasflow.base.settings import TRACKING_URI

ARTIFACTS = "mlflow-artifacts"
"""The folder of artifacts beside a SQLite file."""

_SQLITE = "sqlite:///"


def tracking_uri(default_folder: Path | None) -> str | None:
    """MLFLOW_TRACKING_URI if set, else the SQLite file `default_folder`/mlflow.db; None with neither.

    Raise InvalidSpec for a folder that no address of SQLite can name.
    """
    if uri := TRACKING_URI.get():
        return uri
    if default_folder is None:
        return None
    folder = str(default_folder.resolve())
    if bad := next((each for each in "?#%" if each in folder), None):
        raise InvalidSpec(
            f"{folder}: MLflow cannot have its file in a folder with {bad!r} in its path: "
            f"choose another --store, set {TRACKING_URI}, or give --no-track"
        )
    return f"{_SQLITE}{folder}/mlflow.db"


def tracking_beside(store_url: str) -> str:
    """MLFLOW_TRACKING_URI, or a SQLite file in a directory store, else in ./nasflow-mlflow."""
    return str(tracking_uri(Path("nasflow-mlflow" if store_url.startswith("s3://") else store_url)))


def sqlite_file(uri: str) -> Path | None:
    """The file of a SQLite address; None for any other address."""
    return Path(uri.removeprefix(_SQLITE).partition("?")[0]).resolve() if uri.startswith(_SQLITE) else None


def artifact_folder(uri: str) -> str | None:
    """Where a new experiment's artifacts go: beside a SQLite file; None: where the server says."""
    file = sqlite_file(uri)
    return artifacts_beside(file) if file else None


def artifacts_beside(file: Path) -> str:
    """The address of the folder of artifacts that belongs to a SQLite file, an absolute path."""
    return file.with_name(ARTIFACTS).as_uri()
