"""MLflow's SQLite file: made whole or not at all, and never at home in another folder."""

import multiprocessing
import os
import shutil
import signal
import sqlite3
import time
from contextlib import closing
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nasflow.base.errors import InvalidSpec
from nasflow.tracking import publish
from nasflow.tracking.database import see_to_database

from .shown import Shown, assert_complete

if TYPE_CHECKING:
    from collections.abc import Callable

    from .searches import Searches

IN_THE_MAKING = ".mlflow.db.new"


def in_a_process(file: Path) -> BaseProcess:
    """`see_to_database` beside this process."""
    import mlflow.tracking  # noqa: F401

    process = multiprocessing.get_context("fork").Process(target=see_to_database, args=(file,))
    process.start()
    return process


def names(folder: Path) -> set[str]:
    """What is in a folder, locks apart."""
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}


def cut_off(folder: Path, tables: int) -> Path:
    """A database whose maker was killed once it had so many tables; under the name of its making."""
    process, new = in_a_process(folder / "mlflow.db"), folder / IN_THE_MAKING
    while process.is_alive() and count_tables(new) < tables:
        time.sleep(0.001)
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    return new


def count_tables(file: Path) -> int:
    """Tables of a database that another process writes; none where it is not there."""
    if not file.exists():
        return 0
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        try:
            return int(database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
        except sqlite3.Error:
            return 0


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }


@pytest.mark.parametrize(
    "tables", [1, *(pytest.param(tables, marks=pytest.mark.long) for tables in (2, 5, 12, 20, 30))]
)
def test_killed_while_it_is_made(
    tables: int, tmp_path: Path, searches: "Searches", shown: "Callable[[str], Shown]", name: str
) -> None:
    """There is no file of the name, or a whole one: the next call makes it, and leaves nothing else."""
    cut_off(tmp_path, tables)
    assert names(tmp_path) == {IN_THE_MAKING} | ({f"{IN_THE_MAKING}-journal"} & names(tmp_path))
    see_to_database(tmp_path / "mlflow.db")
    assert names(tmp_path) == {"mlflow.db"}
    uri, ledger = f"sqlite:///{tmp_path}/mlflow.db", searches.running(name)
    publish(uri, ledger, {})
    assert_complete(shown(uri), ledger)


@pytest.mark.parametrize("tables", [pytest.param(0, marks=pytest.mark.long), 12])
def test_one_that_was_cut_off_by_older_code(tables: int, tmp_path: Path) -> None:
    """A file without tables, or with half of them, in which nothing was ever shown, gives way."""
    file = tmp_path / "mlflow.db"
    if tables:
        cut_off(tmp_path, tables).rename(file)
    else:
        file.touch()
    see_to_database(file)
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT name FROM experiments").fetchall() == [("Default",)]


def test_two_at_once(tmp_path: Path) -> None:
    """One makes it, the other waits, and both find it whole."""
    both = [in_a_process(tmp_path / "new" / "mlflow.db") for _ in range(2)]
    for process in both:
        process.join()
    assert [process.exitcode for process in both] == [0, 0]
    assert names(tmp_path / "new") == {"mlflow.db"}


def test_a_copy_is_whole_by_itself(sqlite_uri: str, tmp_path: Path, searches: "Searches", name: str) -> None:
    """What goes on in a copied store changes nothing in the original, and is shown without it."""
    home, copy, older = tmp_path / "home", tmp_path / "a [copy]* of 100 %", searches.running(name, rounds=1)
    home.mkdir()
    (tmp_path / "mlflow.db").rename(home / "mlflow.db")
    publish(f"sqlite:///{home}/mlflow.db", older, {})
    shutil.copytree(home, copy)
    original = contents(home)
    newer = searches.running(name, rounds=2)
    publish(f"sqlite:///{copy}/mlflow.db", newer, {})
    assert contents(home) == original
    shutil.rmtree(home)
    look = Shown(f"sqlite:///{copy}/mlflow.db", name)
    assert_complete(look, newer)
    for run in look.runs:
        assert look.files(run)
        assert (copy / "mlflow-artifacts" / run.info.run_id).is_dir()


def test_somebody_elses_artifacts_stay(sqlite_uri: str, tmp_path: Path) -> None:
    """An experiment whose artifacts were never beside the database keeps its address."""
    from mlflow import MlflowClient

    for place in ("s3://bucket/mlflow-artifacts", "file:///elsewhere"):
        MlflowClient(sqlite_uri).create_experiment(place[-5:], place)
    see_to_database(tmp_path / "mlflow.db")
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        found = {place for (place,) in database.execute("SELECT artifact_location FROM experiments")}
    assert {"s3://bucket/mlflow-artifacts", "file:///elsewhere"} <= found


def test_somebody_elses_database_is_left(tmp_path: Path) -> None:
    """One that has a table of another program is refused, and not replaced."""
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as database, database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
        database.execute("CREATE TABLE precious (row TEXT)")
        database.execute("INSERT INTO precious VALUES ('one')")
    before = contents(tmp_path)
    with pytest.raises(InvalidSpec, match=r"something else in this database \(a table 'precious'\)"):
        see_to_database(tmp_path / "mlflow.db")
    assert contents(tmp_path) == before


def test_what_is_no_database_is_left(tmp_path: Path) -> None:
    """Whatever else has the name is refused, and not replaced."""
    (tmp_path / "mlflow.db").write_text("My notes, which are longer than the head of a database.\n" * 40)
    before = contents(tmp_path)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        see_to_database(tmp_path / "mlflow.db")
    assert contents(tmp_path) == before
