from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from nasflow.base.errors import InvalidSpec, TrackingUnavailable
from nasflow.tracking import serve_pages, ui_command, ui_environment

from .conftest import find_port

DATABASE = "sqlite:////data/mlflow.db"


def test_page_answers(server_uri: str) -> None:
    """The command, by which the tests' server was started, serves MLflow's page for the database."""
    with urlopen(server_uri) as page:
        assert b"MLflow" in page.read()


def test_the_address_is_no_argument() -> None:
    """What may hold a password stands in the environment, where `ps` does not show it."""
    command = ui_command(DATABASE, "127.0.0.1", 5000)
    assert command
    assert DATABASE not in command
    assert DATABASE in ui_environment(DATABASE).values()


def test_nothing_to_start_for_a_server() -> None:
    """A server has its page already."""
    assert ui_command("https://mlflow.example", "127.0.0.1", 5000) is None


def test_no_telemetry() -> None:
    """The page sends nothing home."""
    assert ui_environment("sqlite:///x.db")["MLFLOW_DISABLE_TELEMETRY"] == "true"


def test_a_port_that_is_taken(server_uri: str, tmp_path: Path) -> None:
    """It is said at once, and nothing is made."""
    port, heard = urlsplit(server_uri).port or 0, list[str]()
    with pytest.raises(InvalidSpec, match=rf"port {port} of 127\.0\.0\.1: .*: choose another with --port"):
        serve_pages(f"sqlite:///{tmp_path}/mlflow.db", "127.0.0.1", port, heard.append)
    assert (heard, list(tmp_path.iterdir())) == ([], [])


def test_an_address_of_another_machine(tmp_path: Path) -> None:
    """One that is nobody's is said to be that."""
    with pytest.raises(InvalidSpec, match=r"--host no-such-host\.invalid: there is no such"):
        serve_pages(f"sqlite:///{tmp_path}/mlflow.db", "no-such-host.invalid", 5000, print)


def test_what_is_no_database(tmp_path: Path) -> None:
    """A file that is none is named before any server begins."""
    (tmp_path / "mlflow.db").write_text("My notes, which are longer than the head of a database.\n" * 40)
    with pytest.raises(TrackingUnavailable, match=r"mlflow\.db cannot be used \(file is not a database\)"):
        serve_pages(f"sqlite:///{tmp_path}/mlflow.db", "127.0.0.1", find_port(), print)


@pytest.mark.long
def test_pages_as_long_as_somebody_looks(sqlite_uri: str) -> None:
    """The address is told once it answers; whoever stops looking leaves no process behind."""

    class Enough(Exception):
        pass

    heard = list[str]()

    def tell(line: str) -> None:
        heard.append(line)
        if len(heard) == 2:
            with urlopen(heard[1].split()[2]) as page:
                assert b"MLflow" in page.read()
            raise Enough

    port = find_port()
    with pytest.raises(Enough):
        serve_pages(sqlite_uri, "127.0.0.1", port, tell)
    assert heard[0].startswith("MLflow's server begins")
    assert f"http://127.0.0.1:{port} " in heard[1]
    with pytest.raises(OSError, match="refused"):
        urlopen(f"http://127.0.0.1:{port}/health")
