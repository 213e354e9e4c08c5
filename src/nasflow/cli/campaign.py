"""Commands that prove: verify, audit."""

from typing import Annotated

import typer

from nasflow.base.settings import DEFAULT_STORE
from nasflow.cli.options import JsonOption, SearchArgument, StoreOption, open_existing

proof_commands = typer.Typer()


@proof_commands.command("verify")
def _verify(
    random: Annotated[int, typer.Option("--random", min=1, help="Random sequences of edits.")] = 50,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the hosts, the cells and the sequences.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Prove that edits preserve the function, by random sequences on trained networks."""
    from rich.progress import track

    from nasflow.base.errors import VerificationFailed
    from nasflow.base.terminal import side_console
    from nasflow.studies.verify import run_campaign, trials

    console = side_console()
    steps = track(trials(random, seed), "verify", random, console=console, disable=not console.is_terminal)
    campaign = run_campaign(steps, seed)
    if as_json:
        typer.echo(campaign.model_dump_json(indent=2))
    else:
        typer.echo(
            f"{campaign.trials} random sequences: largest relative difference "
            f"{campaign.largest_relative_difference:.2g} (tolerance {campaign.tolerance:.0e})\n"
            f"worst cell: {campaign.worst_cell}"
        )
    if campaign.largest_relative_difference > campaign.tolerance:
        by = max(campaign.worst.edits, key=lambda receipt: receipt.difference or 0)
        raise VerificationFailed(
            f"{campaign.worst_cell} changed its network by {campaign.largest_relative_difference:.2g}, most "
            f"of it at {str(by.edit)!r}: please report it with --random {random} --seed {seed}"
        )


@proof_commands.command("audit")
def _audit(
    search: SearchArgument,
    store: StoreOption = DEFAULT_STORE,
    children: Annotated[int, typer.Option(min=3, help="Children to train.")] = 8,
    as_json: JsonOption = False,
) -> None:
    """Train some of a search's children as its finish would: was the search's ranking right?"""
    from rich.progress import Progress

    from nasflow.base.terminal import side_console
    from nasflow.search.words import measure_words
    from nasflow.studies.audit import audit, score_text

    console = side_console()
    with Progress(console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task(f"audit of {search}", total=children)
        found = audit(
            open_existing(store),
            search,
            children,
            lambda number, share: progress.update(bar, completed=number + share),
        )
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
        return
    finish = "trained on" if found.inherit else "from scratch"
    for name, objective in (("in the search", found.objective), (finish, found.earnest)):
        minus = "" if objective.is_maximised else "minus the "
        typer.echo(f"{name}: {minus}{measure_words(objective.measure)}")
    typer.echo(f"{'in the search':>13} {finish:>13}  cell")
    for each in found.children:
        searched, full = score_text(found.objective, each.searched), score_text(found.earnest, each.full)
        typer.echo(f"{searched:>13} {full:>13}  {each.parts}")
    if found.tau is None or found.interval is None:
        typer.echo("Kendall's tau: none, because too few children differ")
    else:
        low, high = found.interval
        typer.echo(f"Kendall's tau: {found.tau:.2f} (95 % {low:.2f} to {high:.2f})")
