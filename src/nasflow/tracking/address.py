"""Where MLflow is, and where its artifacts go."""

from pathlib import Path
from urllib.parse import unquote

from nasflow.base.settings import TRACKING_URI

ARTIFACTS = "mlflow-artifacts"
"""The folder of artifacts beside a SQLite file."""

_SQLITE = "sqlite:///"


def tracking_uri(default_folder: Path | None) -> str | None:
    """MLFLOW_TRACKING_URI if set, else the SQLite file `default_folder`/mlflow.db; None with neither."""
    if uri := TRACKING_URI.get():
        return uri
    return sqlite_uri(default_folder.resolve() / "mlflow.db") if default_folder else None


def sqlite_uri(file: Path) -> str:
    """The address of a SQLite file, as SQLAlchemy reads one: it decodes it, and ends its path at a `?`."""
    return _SQLITE + str(file).replace("%", "%25").replace("?", "%3F")


def tracking_beside(store_url: str) -> str:
    """MLFLOW_TRACKING_URI, or a SQLite file in a directory store, else in ./nasflow-mlflow."""
    return str(tracking_uri(Path("nasflow-mlflow" if store_url.startswith("s3://") else store_url)))


def sqlite_file(uri: str) -> Path | None:
    """The file of a SQLite address, what `sqlite_uri` was given; None for any other address."""
    if not uri.startswith(_SQLITE):
        return None
    return Path(unquote(uri.removeprefix(_SQLITE).partition("?")[0])).resolve()


def artifact_folder(uri: str) -> str | None:
    """Where a new experiment's artifacts go: beside a SQLite file; None: where the server says."""
    file = sqlite_file(uri)
    return artifacts_beside(file) if file else None


def artifacts_beside(file: Path) -> str:
    """The address of the folder of artifacts that belongs to a SQLite file, an absolute path."""
    return file.with_name(ARTIFACTS).as_uri()
