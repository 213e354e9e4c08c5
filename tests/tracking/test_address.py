from pathlib import Path

import pytest

from nasflow.tracking import tracking_uri
from nasflow.tracking.address import artifact_folder, sqlite_file
from nasflow.tracking.connection import connected


def test_environment_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """MLFLOW_TRACKING_URI is stronger than the default folder."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow:5000")
    assert tracking_uri(tmp_path) == "http://mlflow:5000"


def test_default_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, MLflow is a SQLite file in the folder, by absolute path."""
    monkeypatch.chdir(tmp_path)
    assert tracking_uri(Path("here")) == f"sqlite:///{tmp_path}/here/mlflow.db"


@pytest.mark.parametrize("name", [pytest.param("what?", marks=pytest.mark.long), "a#b 50%20 %3F"])
def test_a_folder_of_any_name(name: str, tmp_path: Path) -> None:
    """MLflow's file is in that folder, and in no other; the address leads back to it."""
    folder = tmp_path / name
    uri = str(tracking_uri(folder))
    assert sqlite_file(uri) == folder / "mlflow.db"
    with connected(uri, "none"):
        assert [*tmp_path.rglob("mlflow.db")] == [folder / "mlflow.db"]
    assert (folder / "mlflow.db").stat().st_size > 0


def test_nowhere() -> None:
    """With neither there is nothing to show a search in."""
    assert tracking_uri(None) is None


def test_artifacts_beside_the_database() -> None:
    """A SQLite file has its artifacts beside it; a server knows itself."""
    assert artifact_folder("sqlite:////data/mlflow.db") == "file:///data/mlflow-artifacts"
    assert artifact_folder("http://mlflow:5000") is None
