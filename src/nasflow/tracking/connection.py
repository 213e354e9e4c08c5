"""The one way to MLflow: quiet, quick to give up, and with one kind of error."""

import logging
import socket
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from nasflow.base import settings
from nasflow.base.credentials import masked
from nasflow.base.errors import NasflowError, TrackingUnavailable
from nasflow.base.settings import temporarily
from nasflow.tracking.address import sqlite_file
from nasflow.tracking.database import see_to_database

if TYPE_CHECKING:
    from mlflow import MlflowClient

QUIET: dict[settings.Variable, str] = {
    settings.NO_TRACKING: "true",
    settings.TELEMETRY_OFF: "true",
    settings.PROGRESS_BAR: "false",
    settings.NO_LINKS: "true",
    # Otherwise a uv project in the working directory would be copied into a registered model.
    settings.UV_PROJECTS: "false",
    settings.GIT_REFRESH: "quiet",
}
"""Environment of each use of MLflow, which reads it at each call: nothing told, printed or picked up."""

FIRST_CONTACT: dict[settings.Variable, str] = {
    settings.TRACKING_RETRIES: "0",
    settings.TRACKING_TIMEOUT: "5",
}
"""Until MLflow has answered once: whether it is there, not whether it is busy. In seconds."""

_LATER: dict[settings.Variable, str] = {
    settings.TRACKING_RETRIES: "1",
    settings.TRACKING_TIMEOUT: "60",
    # A busy server may ask for minutes of patience: `nasflow sync` has them, a search has not.
    settings.TRACKING_PATIENCE: "false",
}
_CHATTY = ("mlflow", "alembic", "urllib3.connectionpool")
_CONTACT_SECONDS = 3.0
_REASON_LENGTH = 200
_NO_ANSWER = {
    "refused": "nobody listens there",
    "resolve": "no such host is known",
    "timed out": "it does not answer in time",
    "certificate": "its certificate is not trusted",
}
"""By a word that the HTTP library's reason has."""


def catch_up(search: str) -> str:
    """What is to be done where a search could not be shown."""
    return f"once it can, `nasflow sync {search}` shows there what is missing"


@contextmanager
def connected(uri: str, remedy: str) -> Iterator["MlflowClient"]:
    """A client of the MLflow at `uri`; whatever goes wrong inside becomes TrackingUnavailable with a remedy.

    A server that does not answer is given up after 5 seconds, a database after 3.
    """
    try:
        with _quiet(), temporarily(QUIET | _LATER | {settings.TRACKING_URI: uri}):
            yield _open(uri)
    except NasflowError:
        raise
    except Exception as error:
        # Any exception: MLflow passes on those of its HTTP, SQL and cloud libraries, and none of them
        # may stop a search. `from None`: a chained one could show credentials.
        raise TrackingUnavailable(
            f"MLflow at {masked(uri)} cannot be used ({_reason(error)}): {remedy}"
        ) from None


def _open(uri: str) -> "MlflowClient":
    """A client whose MLflow has answered once."""
    # Asked first: MLflow itself would ask a database ten times, for 100 seconds.
    _contact_database(uri)
    from mlflow import MlflowClient

    client = MlflowClient(uri, settings.REGISTRY_URI.get() or uri)
    with temporarily(FIRST_CONTACT):
        client.search_experiments(max_results=1)
    return client


def _contact_database(uri: str) -> None:
    """Raise at once if the address names a database that does not answer or is none."""
    scheme = uri.partition("://")[0].partition("+")[0]
    if scheme not in {"sqlite", "postgresql", "mysql", "mssql"}:
        return
    import sqlalchemy

    if file := sqlite_file(uri):
        see_to_database(file)
    url = sqlalchemy.make_url(uri)
    if url.host and url.port:
        socket.create_connection((url.host, url.port), timeout=_CONTACT_SECONDS).close()
    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.NullPool)
    with engine.connect() as connection:
        sqlalchemy.inspect(connection).get_table_names()


def _reason(error: Exception) -> str:
    """The error's first line, short and without credentials; why nobody answers, in words."""
    said = str(error)
    if "ConnectionPool(" in said:
        # The HTTP library's own, which names its objects.
        known = (words for sign, words in _NO_ANSWER.items() if sign in said)
        return next(known, "it cannot be reached")
    lines = masked(said).strip().splitlines()
    text = lines[0] if lines else type(error).__name__
    return text if len(text) <= _REASON_LENGTH else text[: _REASON_LENGTH - 1] + "…"


@contextmanager
def _quiet() -> Iterator[None]:
    """No log lines below errors and no warnings of MLflow and what it stands on."""
    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        # Its import sets up its logging: afterwards the levels stay as they are set here.
        with temporarily(QUIET):
            import mlflow.tracking  # noqa: F401
        for name in _CHATTY:
            logger = logging.getLogger(name)
            stack.callback(logger.setLevel, logger.level)
            logger.setLevel(logging.ERROR)
        yield
