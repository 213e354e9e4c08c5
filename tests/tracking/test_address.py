from pathlib import Path

import pytest

from nasflow.base.errors import InvalidSpec
from nasflow.tracking import tracking_uri
from nasflow.tracking.address import artifact_folder


def test_environment_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """MLFLOW_TRACKING_URI is stronger than the default folder."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow:5000")
    assert tracking_uri(tmp_path) == "http://mlflow:5000"


def test_default_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, MLflow is a SQLite file in the folder, by absolute path."""
    monkeypatch.chdir(tmp_path)
    assert tracking_uri(Path("here")) == f"sqlite:///{tmp_path}/here/mlflow.db"


@pytest.mark.parametrize("name", ["what?", "a#b", "50%20"])
def test_a_folder_that_has_no_address(name: str, tmp_path: Path) -> None:
    """SQLite would take a part of it for something else, and write into another file."""
    with pytest.raises(InvalidSpec, match="choose another --store"):
        tracking_uri(tmp_path / name)


def test_nowhere() -> None:
    """With neither there is nothing to show a search in."""
    assert tracking_uri(None) is None


def test_artifacts_beside_the_database() -> None:
    """A SQLite file has its artifacts beside it; a server knows itself."""
    assert artifact_folder("sqlite:////data/mlflow.db") == "file:///data/mlflow-artifacts"
    assert artifact_folder("http://mlflow:5000") is None
