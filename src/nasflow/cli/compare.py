"""The command that compares: searches of several arms at equal budget."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasflow.base.settings import DEFAULT_STORE
from nasflow.base.terminal import say
from nasflow.cli.options import (
    JsonOption,
    StoreOption,
    check_folder,
    open_archive,
    read_file,
    spread,
    tracking_address,
    write_bytes,
    write_folder,
)
from nasflow.cli.run import Backend, BackendOption, LanesOption, SearchRunner, TrackOption

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nasflow.report.compare import Ledgers
    from nasflow.search.config import SearchConfig
    from nasflow.search.file import SearchFile
    from nasflow.search.ledger import Ledger
    from nasflow.steps.archive import Archive

    Searches = dict[tuple[int, str], SearchConfig]
    Ended = tuple[tuple[int, str], Ledger]

compare_commands = typer.Typer()

_RANDOM = "random"


@dataclass(frozen=True)
class _Match:
    """Who is compared, how often, and with whom."""

    arms: Annotated[
        str,
        typer.Option(
            help="Who searches: path, eas, n2n, nas, joint, paper, a kind of controller, or space:controller."
        ),
    ] = "path,evolution,random"
    seeds: Annotated[int, typer.Option(min=1, max=1000, help="Searches an arm.")] = 3
    first_seed: Annotated[int, typer.Option(min=0, help="The first seed; the others follow it.")] = 1
    rival: Annotated[
        str | None, typer.Option(help="The arm that the others are paired with; random, or the last one.")
    ] = None

    def searches(self, base: "SearchConfig") -> "tuple[dict[tuple[int, str], SearchConfig], str]":
        """By seed and arm; and the name of the rival."""
        from nasflow.base.errors import InvalidSpec
        from nasflow.search.contenders import contenders, searches

        compared = contenders(name.strip() for name in self.arms.split(","))
        names = [each.name for each in compared]
        rival = self.rival or (_RANDOM if _RANDOM in names else names[-1])
        if rival not in names:
            raise InvalidSpec(f"--rival {rival}: it is none of the arms {', '.join(names)}")
        return searches(base, compared, range(self.first_seed, self.first_seed + self.seeds)), rival


@dataclass(frozen=True)
class _Where:
    """Where searches run: on this machine, or submitted to a cluster."""

    backend: BackendOption = Backend.INLINE
    lanes: LanesOption = None
    submit: Annotated[bool, typer.Option("--submit", help="On CONFIG's cluster, as one pipeline.")] = False
    at_once: Annotated[int, typer.Option(min=1, max=100, help="With --submit: searches at a time.")] = 1


@compare_commands.command("compare")
@spread(_Match)
@spread(_Where)
def _compare(
    config: Annotated[Path, typer.Argument(help="A search's configuration, YAML.", show_default=False)],
    match: _Match,
    where: _Where,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Folder that gets compare.md and .svg, and each finished search, which is not run again."
        ),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    track: TrackOption = True,
    as_json: JsonOption = False,
) -> None:
    """Run CONFIG's search with several arms and seeds, each with its whole budget; again: goes on."""
    from nasflow.studies.kept import read_kept

    file = read_file(config)
    if output:
        check_folder(output)
    wanted, rival = match.searches(file.config())
    kept = read_kept(output, wanted) if output else {}
    archive = open_archive(store)
    if where.submit:
        over = _hand_over(archive, file, wanted, rival, where.at_once, as_json)
        if over is None:
            return
        found = over
    else:
        runner = SearchRunner(file, where.backend, where.lanes, tracking_address(store) if track else None)
        found = _run(archive, {key: each for key, each in wanted.items() if key not in kept}, runner)
    ran = {key: _keep(output, ledger) for key, ledger in found}
    known = kept | ran
    ledgers = {key: known[key] for key in wanted}
    _tell(ledgers, rival, as_json)
    if output:
        write_folder(output, _files(ledgers, rival))
    if not as_json:
        for ledger in ran.values():
            typer.echo(f"nasflow report {ledger.config.name} --store {store}")


def _keep(output: Path | None, ledger: "Ledger") -> "Ledger":
    """The same, written down where there is a folder for it."""
    from nasflow.studies.kept import kept_bytes, kept_file

    if output:
        write_bytes(kept_file(output, ledger.config.name), kept_bytes(ledger))
    return ledger


def _run(archive: "Archive", wanted: "Searches", runner: SearchRunner) -> "Iterable[Ended]":
    """All searches, one after the other, each as it ended."""
    from nasflow.steps.begin import begin
    from nasflow.steps.ledger import read_ledger
    from nasflow.steps.publish import write_report

    # All are begun before one is run: what cannot be is refused at once.
    begun = {key: begin(archive, each) for key, each in wanted.items()}
    for key, search in begun.items():
        runner(archive, search)
        write_report(archive, search)
        yield key, read_ledger(archive, search)


def _hand_over(
    archive: "Archive", file: "SearchFile", wanted: "Searches", rival: str, at_once: int, as_json: bool
) -> "Iterable[Ended] | None":
    """Submit them, and say so; once they are all over, each as it ended instead."""
    from nasflow.backends.comparison import submit_comparison
    from nasflow.kubeflow.client import connect
    from nasflow.report.figures import plural
    from nasflow.steps.ledger import read_ledger

    cluster = file.required_cluster()
    kubeflow = connect(cluster.namespace, cluster.service_account)
    handed = submit_comparison(archive, file.name, wanted, rival, cluster, kubeflow, at_once)
    begun = {(each.seed, each.arm): each.search for each in handed.comparison.searches}
    if handed.run is None:
        return [(key, read_ledger(archive, search)) for key, search in begun.items()]
    if as_json:
        told = {"comparison": file.name, "run": asdict(handed.run), "left": handed.left}
        typer.echo(json.dumps(told, indent=2))
    else:
        over = f"{len(begun) - len(handed.left)} of {plural(len(begun), 'search', 'searches')} over"
        typer.echo(f"comparison {file.name}: {over}; run {handed.run.id} sees the others through")
        if handed.was_there:
            say(
                "that run was going on already: a search that was stopped, or is stuck, is gone on with by "
                "the same command once it has ended"
            )
        typer.echo(
            f"{archive.command('status', file.name)} says how it stands; the same command again tells the end"
        )
    return None


def _tell(ledgers: "Ledgers", rival: str, as_json: bool) -> None:
    from nasflow.report.compare import compare_tables, tallies

    if as_json:
        found = [{"seed": seed, "arm": arm} | asdict(each) for (seed, arm), each in tallies(ledgers).items()]
        typer.echo(json.dumps(found, indent=2))
    else:
        typer.echo(compare_tables(ledgers, rival))


def _files(ledgers: "Ledgers", rival: str) -> dict[str, bytes]:
    from nasflow.report.compare import compare_tables, draw_rounds

    tables = f"{compare_tables(ledgers, rival)}\n"
    return {"compare.md": tables.encode(), "compare.svg": draw_rounds(ledgers, rival).encode()}
