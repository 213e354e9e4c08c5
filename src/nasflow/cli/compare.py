"""The command that compares: searches of several arms at equal budget."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nasflow.cli.options import (
    DEFAULT_STORE,
    JsonOption,
    StoreOption,
    open_archive,
    read_file,
    spread,
    tracking_address,
    write_folder,
)
from nasflow.cli.run import Backend, BackendOption, LanesOption, SearchRunner, TrackOption

if TYPE_CHECKING:
    from nasflow.search.config import SearchConfig
    from nasflow.studies.compare import Ledgers

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
        from nasflow.studies.compare import contenders, searches

        compared = contenders(name.strip() for name in self.arms.split(","))
        names = [each.name for each in compared]
        rival = self.rival or (_RANDOM if _RANDOM in names else names[-1])
        if rival not in names:
            raise InvalidSpec(f"--rival {rival}: it is none of the arms {', '.join(names)}")
        return searches(base, compared, range(self.first_seed, self.first_seed + self.seeds)), rival


@compare_commands.command("compare")
@spread(_Match)
def _compare(
    config: Annotated[Path, typer.Argument(help="A search's configuration, YAML.", show_default=False)],
    match: _Match,
    output: Annotated[Path | None, typer.Option(help="Folder that gets compare.md and .svg.")] = None,
    store: StoreOption = DEFAULT_STORE,
    backend: BackendOption = Backend.INLINE,
    lanes: LanesOption = None,
    track: TrackOption = True,
    as_json: JsonOption = False,
) -> None:
    """Run CONFIG's search with several arms and seeds, each with its whole budget; again: goes on."""
    from nasflow.steps.begin import begin
    from nasflow.steps.ledger import read_ledger
    from nasflow.steps.publish import write_report

    file = read_file(config)
    wanted, rival = match.searches(file.config())
    archive = open_archive(store)
    runner = SearchRunner(file, backend, lanes, tracking_address(store) if track else None)
    # All are begun before one is run: what cannot be is refused at once.
    begun = {key: begin(archive, each) for key, each in wanted.items()}
    for search in begun.values():
        runner(archive, search)
        write_report(archive, search)
    ledgers = {key: read_ledger(archive, search) for key, search in begun.items()}
    _tell(ledgers, rival, as_json)
    if output:
        write_folder(output, _files(ledgers, rival))
    if not as_json:
        for search in begun.values():
            typer.echo(f"nasflow report {search} --store {store}")


def _tell(ledgers: "Ledgers", rival: str, as_json: bool) -> None:
    from nasflow.studies.compare import compare_tables, tallies

    if as_json:
        found = [{"seed": seed, "arm": arm} | asdict(each) for (seed, arm), each in tallies(ledgers).items()]
        typer.echo(json.dumps(found, indent=2))
    else:
        typer.echo(compare_tables(ledgers, rival))


def _files(ledgers: "Ledgers", rival: str) -> dict[str, bytes]:
    from nasflow.report.curves import draw_curves
    from nasflow.report.yardstick import Yardstick
    from nasflow.studies.compare import compare_tables, rounds

    what = Yardstick.of(next(iter(ledgers.values())).config).title
    drawn = draw_curves(rounds(ledgers), "The mean of a round's children", "children", what)
    return {"compare.md": f"{compare_tables(ledgers, rival)}\n".encode(), "compare.svg": drawn.encode()}
