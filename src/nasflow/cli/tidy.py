"""The command that tidies up: gc."""

from typing import Annotated

import typer

from nasflow.base.settings import DEFAULT_STORE
from nasflow.cli.options import JsonOption, StoreOption, open_existing

tidy_commands = typer.Typer()


@tidy_commands.command("gc")
def _gc(
    store: StoreOption = DEFAULT_STORE,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    losers: Annotated[
        bool, typer.Option("--losers", help="Weights of finished searches' losers, too.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Remove from the store what nobody needs: what killed processes have left, and losers if you wish."""
    import json

    from nasflow.steps.leftovers import find_leftovers, remove_leftovers

    archive = open_existing(store)
    found = find_leftovers(archive, losers) if dry_run else remove_leftovers(archive, losers)
    counts = {
        "checkpoints of children that are done": len(found.checkpoints),
        "blobs that no document names": len(found.blobs),
        "weights of losers": len(found.weights),
        "probes": len(found.probes),
    }
    if as_json:
        typer.echo(json.dumps({"removed": not dry_run, "keys": found.keys}, indent=2))
        return
    said = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing"
    typer.echo(f"{'would be removed' if dry_run else 'removed'}: {said}")
