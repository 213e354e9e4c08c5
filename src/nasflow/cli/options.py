"""Options that several commands share, and what they open."""

import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nasflow.base import settings
from nasflow.base.settings import DEFAULT_STORE

if TYPE_CHECKING:
    from nasflow.search.file import SearchFile
    from nasflow.steps.archive import Archive

StoreOption = Annotated[
    str,
    typer.Option(
        "--store",
        envvar=settings.STORE.name,
        help="Where state lives: a directory or s3://bucket/prefix.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]


def _names(context: typer.Context, incomplete: str) -> list[str]:
    """The searches that a shell may complete; of a folder alone: a bucket would keep it waiting."""
    from nasflow.base.errors import NasflowError
    from nasflow.steps.keys import SEARCHES, searches_among
    from nasflow.store import open_existing_store

    url = str(context.params.get("store") or settings.STORE.get() or DEFAULT_STORE)
    try:
        known = [] if "://" in url else searches_among(open_existing_store(url).list(SEARCHES))
    except NasflowError:
        known = []
    return [name for name in known if name.startswith(incomplete)]


SearchArgument = Annotated[
    str, typer.Argument(help="Id of a search: the name in its configuration.", autocompletion=_names)
]
MaybeSearchArgument = Annotated[
    str | None,
    typer.Argument(help="Id of a search; the one that is not over if left out.", autocompletion=_names),
]


def spread(group: type) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Show the fields of `group`, a frozen dataclass, as options in the place of the parameter of that
    type.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own, fields = inspect.signature(command).parameters, inspect.signature(group).parameters
        (place,) = (name for name, each in own.items() if each.annotation is group)

        @wraps(command)
        def called(**given: Any) -> None:
            command(**{place: group(**{name: given.pop(name) for name in fields})}, **given)

        shown = [one for name, each in own.items() for one in (fields.values() if name == place else [each])]
        called.__signature__ = inspect.Signature(shown)  # type: ignore[attr-defined]
        return called

    return decorate


def open_archive(store: str) -> "Archive":
    """The documents of a store; raise StoreError or InvalidSpec if its address is none."""
    from nasflow.steps.archive import Archive
    from nasflow.store import open_store

    return Archive(open_store(store))


def read_file(path: Path) -> "SearchFile":
    """A search's configuration from a YAML file; raise InvalidSpec with one line that says what and where."""
    from nasflow.search.file import read_search_file

    return read_search_file(path)


def open_existing(store: str) -> "Archive":
    """The documents of a store for who only reads: raise NotFound, too, where no store can be."""
    from nasflow.steps.archive import Archive
    from nasflow.store import open_existing_store

    return Archive(open_existing_store(store))


def tracking_address(store: str) -> str:
    """Where MLflow is, as far as the environment and the store say."""
    from nasflow.store import open_store
    from nasflow.tracking import tracking_beside

    return tracking_beside(open_store(store).url)


def write(path: Path, text: str) -> None:
    """Write a file that the user named, as `write_bytes` does, into a folder that is there."""
    with _writing(path):
        os.stat(path.absolute().parent)
    write_bytes(path, text.encode())


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files, each of them whole, into a folder, made if need be, and print where; raise StoreError."""
    for name, data in files.items():
        write_bytes(folder / name, data)
        typer.echo(folder / name)


def write_bytes(file: Path, data: bytes) -> None:
    """Write a file, whole or not at all, into a folder that is made if need be; raise StoreError.

    A link stays one, and into what is no file (`/dev/stdout`, a pipe) it is written as it comes.
    """
    from nasflow.base.durable import move_over, temporary_file

    with _writing(file):
        if file.exists() and not file.is_file():
            file.write_bytes(data)
            return
        target = Path(os.path.realpath(file))
        target.parent.mkdir(parents=True, exist_ok=True)
        with temporary_file(target.parent, data) as whole:
            move_over(whole, target)


def check_folder(folder: Path) -> None:
    """Raise StoreError where `folder` cannot be made or written: before time is spent on what goes there."""
    from nasflow.base.errors import StoreError

    with _writing(folder):
        there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    if not there.is_dir():
        raise StoreError(f"{folder}: cannot be written: {there} is a file, and a folder is wanted")
    if not os.access(there, os.W_OK | os.X_OK):
        raise StoreError(f"{folder}: cannot be written: {there} is closed to this user")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    from nasflow.base.errors import StoreError

    try:
        yield
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror})") from None
