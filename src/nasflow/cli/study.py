"""Commands that study: truth, signals, shortlist, adopt."""

from pathlib import Path
from typing import Annotated

import typer

from nasflow.base import settings
from nasflow.base.errors import InvalidSpec
from nasflow.base.settings import DEFAULT_STORE
from nasflow.cli.groups import Grouped
from nasflow.cli.options import (
    StoreOption,
    check_folder,
    open_archive,
    read_file,
    write_bytes,
    write_folder,
)
from nasflow.cli.run import LanesOption

study_commands = typer.Typer(cls=Grouped, help="Studies: hours of training whose result is a file.")


@study_commands.command("truth")
def _truth(
    config: Annotated[Path, typer.Argument(help="A search's configuration, YAML.", show_default=False)],
    output: Annotated[Path, typer.Option(help="File that gets the table, as it grows (.json.gz).")],
    store: StoreOption = DEFAULT_STORE,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="From-scratch trainings a cell.")] = 2,
    cells: Annotated[
        int, typer.Option(min=1, help="At most so many cells, in an order that is drawn: a fair sample.")
    ] = 10_000,
    lanes: LanesOption = None,
) -> None:
    """Train every cell of a small space, inherited and from scratch: what is each worth? Again: goes on."""
    from rich.progress import Progress

    from nasflow.base.packed import packed
    from nasflow.base.terminal import side_console
    from nasflow.steps.begin import begin
    from nasflow.steps.lanes import count_lanes
    from nasflow.studies.truth import Truth, read_table

    check_folder(output.parent)
    archive, asked_lanes = open_archive(store), lanes or settings.LANES.get()
    search = read_file(config).config()
    known = read_table(output) if output.exists() else None
    truth = Truth(archive, begin(archive, search), seeds, known, cells)
    console = side_console()
    with Progress(console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task(f"truth of {search.name}", total=len(truth))
        for done in truth.train(count_lanes(asked_lanes, search.child.cpu_threads)):
            write_bytes(output, packed(truth.table()))
            progress.update(bar, completed=done)
    typer.echo(output)


@study_commands.command("signals")
def _signals(
    table: Annotated[Path, typer.Argument(help="A table of `nasflow study truth`.", show_default=False)],
    plots: Annotated[Path | None, typer.Option(help="Folder that gets a plot a kind of training.")] = None,
) -> None:
    """Which early figure of a training tells what a cell is worth? Prints a table in Markdown."""
    from nasflow.report.curves import draw_curves
    from nasflow.studies.signals import signal_bands, signals, signals_table
    from nasflow.studies.truth import read_table

    truth = read_table(table)
    told = list(signals(truth))
    typer.echo(signals_table(told))
    typer.echo(f"\n{len(truth.complete)} of {len(truth.cells)} cells of {truth.asked.name}")
    if plots:
        drawn = {
            f"signals-{source}.svg": draw_curves(
                signal_bands(told, source, "from scratch"),
                f"{source}: agreement with the truth from scratch",
                "epochs",
                "Kendall's tau (95 %)",
            ).encode()
            for source in ("inherited", "scratch")
        }
        write_folder(plots, drawn)


@study_commands.command("shortlist")
def _shortlist(
    table: Annotated[Path, typer.Argument(help="A table of `nasflow study truth`.", show_default=False)],
    children: Annotated[int, typer.Option(min=1, help="Of a search.")] = 64,
    epochs: Annotated[int, typer.Option(min=1, help="Of a child.")] = 4,
) -> None:
    """What is it worth to train a few of the best children at full size, and to choose then? In Markdown."""
    from nasflow.studies.shortlisting import gains, gains_table
    from nasflow.studies.truth import read_table

    truth = read_table(table)
    typer.echo(gains_table(gains(truth, children, epochs)))
    typer.echo(f"\n{len(truth.complete)} of {len(truth.cells)} cells of {truth.asked.name}")


@study_commands.command("adopt")
def _adopt(
    output: Annotated[Path, typer.Option(help="File that gets what is known, as it grows (.json).")],
    only: Annotated[str, typer.Option(help="A shell pattern of their names.")] = "*",
) -> None:
    """Which of torchvision's classifiers can be adopted, grown, widened, narrowed, exported? Tries all."""
    from fnmatch import fnmatchcase

    from rich.progress import track

    from nasflow.base.document import MAXIMUM_BYTES
    from nasflow.base.files import read_at_most
    from nasflow.base.terminal import side_console
    from nasflow.studies.adoption import Adoptions, adoption_table, classifiers, try_apart

    known = Adoptions()
    check_folder(output.parent)
    if output.exists():
        known = Adoptions.from_json(read_at_most(output, MAXIMUM_BYTES, "a table of adoptions"), str(output))
    console = side_console()
    done = {each.network for each in known.networks}
    asked = [name for name in classifiers() if fnmatchcase(name, only)]
    if not asked:
        raise InvalidSpec(f"--only {only}: no classifier of torchvision is called so; resnet* is a pattern")
    left = [name for name in asked if name not in done]
    for name in track(left, "adopt", console=console, disable=not console.is_terminal):
        known = known.model_copy(update={"networks": (*known.networks, try_apart(name))})
        write_bytes(output, known.to_bytes())
    typer.echo(adoption_table(known.networks))
