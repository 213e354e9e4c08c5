"""MLflow's database where it is a SQLite file: whole from its first moment, and at home where it lies."""

import sqlite3
from contextlib import closing
from pathlib import Path

from nasflow.base.durable import locked, make_folder, move_over
from nasflow.base.errors import InvalidSpec
from nasflow.base.settings import TRACKING_URI
from nasflow.tracking.address import ARTIFACTS, artifacts_beside, sqlite_uri

_PATIENCE = 5.0
"""Seconds for another process that writes."""

_PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "storage_location"),
)
"""Where MLflow keeps absolute addresses of artifacts: tables and columns."""


def see_to_database(file: Path) -> None:
    """See to it that the file is MLflow's database, and that its artifacts are those beside it.

    MLflow makes its tables by dozens of migrations, and cannot go on with a file in which they were cut off:
    so they are made in another file, which then takes its name. One that was cut off (there is no experiment
    in it, and MLflow makes the first one last) gives way to a new one. Raise InvalidSpec for one that
    something else is in, sqlite3.Error for a file that is no database.
    """
    make_folder(file.parent)
    if _is_whole(file):
        _bring_home(file)
        return
    with locked(file.with_name(f".{file.name}.lock")):
        if not _is_whole(file):
            new = file.with_name(f".{file.name}.new")
            try:
                _remove(new)
                _make(new)
                _refuse_foreign(file, _tables(new))
                move_over(new, file)
            finally:
                _remove(new)


def _remove(file: Path) -> None:
    for each in (file, file.with_name(f"{file.name}-journal")):
        each.unlink(missing_ok=True)


def _make(file: Path) -> None:
    from mlflow import MlflowClient

    address = sqlite_uri(file)
    client = MlflowClient(address, address)
    client.search_experiments(max_results=1)
    client.search_registered_models(max_results=1)


def _is_whole(file: Path) -> bool:
    """Whether an experiment is in it; raise sqlite3.Error if it is no database: not ours to replace."""
    if not file.exists() or not file.stat().st_size:
        return False
    with closing(_opened(file)) as database:
        try:
            return database.execute("SELECT 1 FROM experiments LIMIT 1").fetchone() is not None
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
            return False


def _refuse_foreign(file: Path, known: set[str]) -> None:
    """Raise InvalidSpec where the file holds what MLflow does not make: it is not ours to replace."""
    foreign = sorted(name for name in _tables(file) - known if not name.startswith("_alembic_tmp_"))
    if foreign:
        raise InvalidSpec(
            f"{file}: there is something else in this database (a table {foreign[0]!r}): "
            f"give MLflow one of its own in {TRACKING_URI}"
        )


def _tables(file: Path) -> set[str]:
    if not file.exists():
        return set()
    with closing(_opened(file)) as database:
        return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _bring_home(file: Path) -> None:
    """Have a database that was moved or copied, with the artifacts beside it, name these and no others."""
    home = artifacts_beside(file)
    with closing(_opened(file)) as database, database:
        for before in _homes(database):
            if before != home:
                for table, column in _PLACES:
                    _move(database, table, column, before, home)


def _homes(database: sqlite3.Connection) -> list[str]:
    """The folders of artifacts that were beside this database once, as its experiments have them."""
    found = database.execute("SELECT DISTINCT artifact_location FROM experiments").fetchall()
    return [place for (place,) in found if place.startswith("file:") and place.endswith(f"/{ARTIFACTS}")]


def _move(database: sqlite3.Connection, table: str, column: str, before: str, after: str) -> None:
    """Addresses below `before` become such below `after`."""
    database.execute(
        f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE {column} = ? OR {column} GLOB ?",
        (after, len(before) + 1, before, _escaped(before) + "/*"),
    )


def _escaped(text: str) -> str:
    """Text that GLOB takes for itself."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in text)


def _opened(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, timeout=_PATIENCE)
