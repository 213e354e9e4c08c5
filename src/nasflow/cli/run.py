"""Commands that work: search, resume, transfer, sync."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasflow.base import settings
from nasflow.base.settings import DEFAULT_STORE
from nasflow.base.terminal import say
from nasflow.cli.options import (
    JsonOption,
    SearchArgument,
    StoreOption,
    open_archive,
    open_existing,
    read_file,
    spread,
    tracking_address,
)

if TYPE_CHECKING:
    from nasflow.search.cluster import Cluster
    from nasflow.search.file import SearchFile
    from nasflow.steps.archive import Archive

work_commands = typer.Typer()

TrackOption = Annotated[bool, typer.Option("--track/--no-track", help="Show the search in MLflow.")]
LanesOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=1024,
        help=f"Children trained at the same time [{settings.LANES.name}]; one a core (or GPU) if left out.",
    ),
]


class Backend(StrEnum):
    """Who runs the steps on this machine."""

    INLINE = "inline"
    SUBPROCESS = "subprocess"
    DOCKER = "docker"


BackendOption = Annotated[
    Backend,
    typer.Option(help="This process, or Kubeflow's components as processes or containers of this machine."),
]


@work_commands.command("search")
def _search(
    config: Annotated[Path, typer.Argument(help="A search's configuration, YAML.", show_default=False)],
    store: StoreOption = DEFAULT_STORE,
    backend: BackendOption = Backend.INLINE,
    lanes: LanesOption = None,
    track: TrackOption = True,
    as_json: JsonOption = False,
) -> None:
    """Run the search of CONFIG on this machine; the same configuration again continues it."""
    file = read_file(config)
    archive = open_archive(store)
    from nasflow.cli.telling import tell_outlook
    from nasflow.steps.begin import begin

    if file.budget.children == 0:
        say(
            "budget.children is 0: the start network alone is trained and tested, no child is looked for; "
            "`nasflow transfer` does so with a cell that was found"
        )
    runner = SearchRunner(file, backend, lanes, tracking_address(store) if track else None)
    id = begin(archive, file.config())
    tell_outlook(archive, id)
    runner(archive, id)
    _conclude(archive, id, as_json)


class SearchRunner:
    """Runs searches on this machine, as a command's options say."""

    def __init__(self, file: "SearchFile", backend: Backend, lanes: int | None, address: str | None) -> None:
        from nasflow.base.errors import InvalidSpec

        if lanes and backend is not Backend.INLINE:
            raise InvalidSpec(f"--lanes: the backend {backend} does one step at a time: leave it out")
        self._backend, self._address = backend, address
        self._lanes = lanes or settings.LANES.get()
        self._cluster = file.required_cluster() if backend is Backend.DOCKER else file.cluster

    def __call__(self, archive: "Archive", search: str) -> None:
        """Go on with a search to its end."""
        if self._backend is Backend.INLINE:
            _run_inline(archive, search, self._address, self._lanes)
            return
        with _stopped_in_words(archive, search):
            _run_local(archive, search, self._address, self._backend, self._cluster)


@dataclass(frozen=True)
class _Extension:
    """What a budget is made larger to; as the configuration's `budget`."""

    children: Annotated[int | None, typer.Option(min=1, help="Extend: children in all.")] = None
    rounds: Annotated[int | None, typer.Option(min=1, help="Extend: rounds in all.")] = None
    seconds: Annotated[float | None, typer.Option(min=0, help="Extend: seconds of training in all.")] = None
    gpu_hours: Annotated[float | None, typer.Option(min=0, help="Extend: GPU-hours in all.")] = None


@work_commands.command("resume")
@spread(_Extension)
def _resume(
    search: SearchArgument,
    extension: _Extension,
    store: StoreOption = DEFAULT_STORE,
    lanes: LanesOption = None,
    track: TrackOption = True,
    as_json: JsonOption = False,
) -> None:
    """Go on with a search after any kill, or extend a finished one by a larger budget.

    A search that was submitted to a cluster goes on there, any other on this machine.
    """
    archive = open_existing(store)
    from nasflow.cli.telling import tell_new_budget, tell_outlook
    from nasflow.search.budget import BudgetRecord
    from nasflow.steps.begin import reopen, set_budget
    from nasflow.steps.keys import submission_key

    changed = {name: value for name, value in asdict(extension).items() if value is not None}
    asked_lanes = lanes or settings.LANES.get()
    budget = reopen(archive, search).budget
    if changed:
        wanted = BudgetRecord.from_data({"budget": budget.model_dump() | changed}, "nasflow resume")
        set_budget(archive, search, wanted.budget)
        tell_new_budget(archive, search)
    else:
        tell_outlook(archive, search)
    if archive.store.exists(submission_key(search)):
        from nasflow.backends.cluster import go_on
        from nasflow.cli.cluster import connect_for, tell

        tell(archive, search, go_on(archive, search, connect_for(archive, search)), as_json)
        return
    _run_inline(archive, search, tracking_address(store) if track else None, asked_lanes)
    _conclude(archive, search, as_json)


@dataclass(frozen=True)
class _Destination:
    """Where a cell is taken, each part in YAML."""

    host: Annotated[
        str,
        typer.Option(help="'{kind: densenet, growth: 48, blocks: 6, groups: 2}', or torchvision:resnet18."),
    ]
    dataset: Annotated[str, typer.Option(help="cifar10, or '{name: cifar10, path: FOLDER, held_out: 5000}'.")]
    recipe: Annotated[str, typer.Option(help="cifar-300, or '{epochs: 20, learning_rate: 0.1}'.")]


@work_commands.command("transfer")
@spread(_Destination)
def _transfer(
    cell: Annotated[str, typer.Argument(help="A cell's text form or name, or a search: its best cell.")],
    destination: _Destination,
    store: StoreOption = DEFAULT_STORE,
    name: Annotated[str | None, typer.Option(help="Its name in the store and in MLflow.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the weights and the order of the images.")] = 0,
    track: TrackOption = True,
    as_json: JsonOption = False,
) -> None:
    """Train a found cell in any host from scratch, test it once, register it; again: goes on."""
    from nasflow.base.strict_yaml import read_yaml
    from nasflow.search.transfer import transfer
    from nasflow.steps.begin import begin
    from nasflow.steps.ledger import found_parts

    archive = open_archive(store)
    lanes = settings.LANES.get()
    host, dataset, recipe = (read_yaml(text, f"--{option}") for option, text in asdict(destination).items())
    id = begin(archive, transfer(found_parts(archive, cell), host, dataset, recipe, seed, name))
    _run_inline(archive, id, tracking_address(store) if track else None, lanes)
    _conclude(archive, id, as_json)


@work_commands.command("sync")
def _sync(search: SearchArgument, store: StoreOption = DEFAULT_STORE) -> None:
    """Bring MLflow up to what the store knows of a search."""
    from nasflow.steps.publish import track as publish

    address = tracking_address(store)
    publish(open_existing(store), search, address)
    typer.echo(f"search {search} is in MLflow: `nasflow ui` opens it")


def _run_inline(archive: "Archive", search: str, address: str | None, lanes: int | None) -> None:
    from nasflow.backends.inline import run
    from nasflow.base.errors import SearchFailed, Stopped
    from nasflow.cli.display import Display
    from nasflow.cli.telling import Teller
    from nasflow.steps.follow import Follower
    from nasflow.steps.lanes import count_lanes
    from nasflow.steps.ledger import read_config as stored_config
    from nasflow.steps.publish import write_report

    count = count_lanes(lanes, stored_config(archive, search).child.cpu_threads)
    publisher, teller = Publisher(archive, search, address), Teller(archive, search, count)

    def publish() -> None:
        teller()
        publisher()

    try:
        with _stopped_in_words(archive, search), Display(Follower(archive, search), count) as display:
            run(archive, search, display, publish, count)
    except (SearchFailed, Stopped):
        write_report(archive, search)
        raise


@contextmanager
def _stopped_in_words(archive: "Archive", search: str) -> Iterator[None]:
    """Ctrl-C, and a cluster's way to say it: what is kept, and what goes on with this search."""
    from nasflow.base.ending import TERMINATED
    from nasflow.base.errors import Stopped, Terminated

    kept = f"search {search}: all finished epochs are kept, {archive.command('resume', search)} goes on"
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped(kept) from None
    except SystemExit as end:
        if end.code != TERMINATED:
            raise
        raise Terminated(kept) from None


def _run_local(
    archive: "Archive", search: str, address: str | None, backend: Backend, cluster: "Cluster | None"
) -> None:
    from nasflow.backends import local
    from nasflow.search.cluster import Cluster

    runner: local.Runner = "docker" if backend is Backend.DOCKER else "subprocess"
    # Every word but the steps' own goes: kfp shows each command that it runs.
    local.run_components(archive, search, cluster or Cluster(image="python"), runner, address, _say_own)


def _say_own(line: str) -> None:
    own = line.removeprefix("nasflow: ")
    if own != line:
        say(own)


def _conclude(archive: "Archive", search: str, as_json: bool) -> None:
    from nasflow.cli.summary import print_summary
    from nasflow.steps.publish import write_report
    from nasflow.steps.summary import summary

    write_report(archive, search)
    shown = summary(archive, search)
    typer.echo(json.dumps(shown, indent=2)) if as_json else print_summary(shown)


class Publisher:
    """Shows the search in MLflow, and goes on without it where MLflow is not there."""

    def __init__(self, archive: "Archive", search: str, address: str | None) -> None:
        self._archive, self._search, self._address = archive, search, address

    def __call__(self) -> None:
        """Bring MLflow up to now; after the first failure, no more tries."""
        if self._address is None:
            return
        from nasflow.base.errors import TrackingUnavailable
        from nasflow.steps.publish import track

        try:
            track(self._archive, self._search, self._address)
        except TrackingUnavailable as error:
            say(f"warning: {error}; the search goes on without it")
            self._address = None
