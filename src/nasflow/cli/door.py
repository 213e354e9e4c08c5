"""The commands' common frame: how they are found, how errors are shown, what they exit with."""

import sys

import typer

from nasflow.cli import campaign, look, run
from nasflow.errors import NasflowError

app = typer.Typer(
    name="nasflow",
    help="Grow a trained network into better ones, child by child.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for module in (run, look, campaign):
    app.add_typer(module.app)


@app.callback(invoke_without_command=True)
def _version(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and stop."),
) -> None:
    if version:
        from nasflow import __version__

        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run a command; exit with 0, or with the code that nasflow.errors gives the failure."""
    try:
        app()
    except NasflowError as error:
        _say(f"error: {error}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        _say("stopped: all finished epochs are kept, `nasflow resume` goes on")
        sys.exit(130)


def _say(message: str) -> None:
    print(f"nasflow: {' '.join(message.split())}", file=sys.stderr)
