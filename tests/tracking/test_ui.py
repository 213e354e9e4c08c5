from pathlib import Path
from urllib.request import urlopen

from nasflow.tracking import ui_command, ui_environment

from .conftest import find_port, serve


def test_page_answers(sqlite_uri: str, tmp_path: Path) -> None:
    """The command serves MLflow's page for the database."""
    port = find_port()
    command = ui_command(sqlite_uri, "127.0.0.1", port)
    assert command
    assert sqlite_uri not in command
    for uri in serve(command, f"http://127.0.0.1:{port}", tmp_path, ui_environment(sqlite_uri)):
        with urlopen(uri) as page:
            assert b"MLflow" in page.read()


def test_nothing_to_start_for_a_server() -> None:
    """A server has its page already."""
    assert ui_command("https://mlflow.example", "127.0.0.1", 5000) is None


def test_no_telemetry() -> None:
    """The page sends nothing home."""
    assert ui_environment("sqlite:///x.db")["MLFLOW_DISABLE_TELEMETRY"] == "true"
