"""The command that watches a search: a screen on a terminal, a line a change in a pipe."""

import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import typer

from nasflow.base.settings import DEFAULT_STORE
from nasflow.cli.awaited import begun
from nasflow.cli.looks import Look, looks
from nasflow.cli.options import (
    MaybeSearchArgument,
    StoreOption,
    open_existing,
    write_bytes,
)
from nasflow.cli.told import record_text, stage_text

if TYPE_CHECKING:
    from nasflow.steps.archive import Archive
    from nasflow.steps.follow import SearchView

watch_commands = typer.Typer()

_PAGE_SECONDS = 10
"""Between two times that a browser reads a page."""


@watch_commands.command("watch")
def _watch(
    search: MaybeSearchArgument = None,
    store: StoreOption = DEFAULT_STORE,
    html: Annotated[
        Path | None, typer.Option(help="Keep the report in this file, which renews itself in a browser.")
    ] = None,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks at the store.")] = 3.0,
) -> None:
    """Watch a search on any backend until it is over: rounds, children, time left, why pods wait.

    It reads the store alone, and asks a search's cluster where it is in reach. Ctrl-C leaves it; the search
    goes on. In a pipe it prints a line a change. A search that is not there yet is waited for, a minute.
    """
    archive = begun(store, search) if search else open_existing(store)
    last = _follow(archive, search or unfinished(archive), every, html)
    _tell_the_end(archive, last)


def _follow(archive: "Archive", search: str, every: float, html: Path | None) -> "SearchView":
    """Show a search until it is over, as it was then."""
    with _OnTerminal() if sys.stdout.isatty() else nullcontext(_InPipe()) as shown:
        for look in looks(archive, search, every):
            shown.show(look)
            if html:
                _write_page(html, look)
    return look.view


def _tell_the_end(archive: "Archive", view: "SearchView") -> None:
    """In a line; raise SearchFailed if nothing was found."""
    from nasflow.backends.outcome import outcome
    from nasflow.report.headline import headline

    name = view.ledger.config.name
    stop = outcome(archive, name)
    typer.echo(f"search {name} is over: {stop.reason}: {stop.detail}. {headline(view.ledger)}")
    typer.echo(f"{archive.command('show', name)} has its figures, {archive.command('report', name)} its page")


class _OnTerminal:
    """One screen, made anew at each look."""

    def __enter__(self) -> Self:
        from rich.console import Console
        from rich.live import Live

        self._console = Console()
        self._live = Live(console=self._console, auto_refresh=False, vertical_overflow="crop")
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def show(self, look: Look) -> None:
        """Draw it."""
        from nasflow.cli.screen import screen

        self._live.update(screen(look, self._console.height), refresh=True)


class _InPipe:
    """A line a change."""

    def __init__(self) -> None:
        self._told = set[str]()
        self._stage = ""
        self._was_silent = False

    def show(self, look: Look) -> None:
        """Print what is new; at the first look, where the search stands."""
        for line in self._lines(look):
            typer.echo(line)
        # Who reads a pipe waits for it.
        sys.stdout.flush()

    def _lines(self, look: Look) -> Iterator[str]:
        view, standing = look.view, look.standing
        records = {record.child: record for record in view.ledger.networks}
        new = [each for child, each in records.items() if child not in self._told] if self._stage else []
        stage = stage_text(view)
        if new:
            yield from (f"{standing}  {record_text(view.ledger, record)}" for record in new)
        elif stage != self._stage:
            yield standing
        self._stage = stage
        self._told.update(records)
        yield from (line for line in look.cluster.lines if line not in self._told)
        self._told.update(look.cluster.lines)
        if look.silence and not self._was_silent:
            yield look.silence
        self._was_silent = bool(look.silence)


def _write_page(file: Path, look: Look) -> None:
    """The report, whole; of a search that is over it does not renew itself any more."""
    from nasflow.report.page import render

    if look.is_new or look.is_over:
        page = render(look.view.ledger, None if look.is_over else _PAGE_SECONDS)
        write_bytes(file, page.encode())


def unfinished(archive: "Archive") -> str:
    """The one search that is not over, or the only one there is; raise InvalidSpec if that is not one."""
    from nasflow.base.errors import InvalidSpec, NasflowError
    from nasflow.steps.execute import tasks_of
    from nasflow.steps.ledger import search_ids

    known, open_ones = search_ids(archive), []
    for each in known:
        try:
            if tasks_of(archive, each):
                open_ones.append(each)
        except NasflowError:
            # Interrupted before it began, or damaged: who names it is told.
            continue
    found = open_ones or known
    if len(found) == 1:
        return found[0]
    there = f"take one of {', '.join(found[:8])}" if found else "there is none"
    raise InvalidSpec(f"which search of {archive.store.url}? {there}: nasflow watch SEARCH")
