from urllib.request import urlopen

from nasflow.tracking import ui_command, ui_environment

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
