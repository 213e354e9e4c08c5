"""Commands that prove: verify."""

from typing import Annotated

import typer

from nasflow.cli.options import JsonOption

app = typer.Typer()


@app.command()
def verify(
    random: Annotated[int, typer.Option("--random", min=1, help="Random transform sequences.")] = 50,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the hosts, the cells and the sequences.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Prove that transforms preserve the function, by random sequences on trained networks."""
    from rich.console import Console
    from rich.progress import track

    from nasflow.errors import VerificationFailed
    from nasflow.steps.verify import run_campaign, trials

    console = Console(stderr=True)
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
        raise VerificationFailed(
            f"{campaign.worst_cell} changed its network by {campaign.largest_relative_difference:.2g}: "
            f"please report it with --random {random} --seed {seed}"
        )
