"""The commands' common frame: how they are found, how errors are shown, what they exit with."""

import sys
from typing import Any

import typer

from nasflow.base.ending import TERMINATED, stop_on_sigterm
from nasflow.base.errors import NasflowError
from nasflow.base.settings import RANK, WORLD_SIZE
from nasflow.cli.campaign import proof_commands
from nasflow.cli.cluster import cluster_commands
from nasflow.cli.compare import compare_commands
from nasflow.cli.look import look_commands
from nasflow.cli.run import work_commands
from nasflow.cli.study import study_commands

_app = typer.Typer(
    name="nasflow",
    help="Grow a trained network into better ones, child by child.",
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
for commands in (work_commands, look_commands, cluster_commands, proof_commands, compare_commands):
    _app.add_typer(commands)
_app.add_typer(study_commands, name="study")

_INTERRUPTED = 130
"""What typer makes of Ctrl-C, as shells do."""

_UsageError: Any = typer.BadParameter.__base__
"""A command line that cannot be; a class of click's, which newer typers carry inside."""


@_app.callback(invoke_without_command=True)
def _frame(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and stop."),
) -> None:
    if version:
        from nasflow import __version__

        typer.echo(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run a command; exit with 0, or with the code that nasflow.base.errors gives the failure."""
    stop_on_sigterm()
    # Torchrun's; asked here, so that no other command waits for torch.
    if RANK.is_set and (WORLD_SIZE.get() or 1) > 1:
        from nasflow.steps.together import together
        from nasflow.steps.train import join

        sys.exit(together(_command, join))
    sys.exit(_command())


def _command() -> int:
    try:
        code = _app(prog_name="nasflow", standalone_mode=False)
    except NasflowError as error:
        _say(f"error: {error}")
        code = error.exit_code
    except _UsageError as error:
        _say(f"error: {error.format_message()}")
        code = error.exit_code
    except SystemExit as end:
        code = end.code
    if code in {_INTERRUPTED, TERMINATED}:
        _say("stopped: all finished epochs are kept, the same command goes on")
    return code or 0


def _say(message: str) -> None:
    print(f"nasflow: {' '.join(message.split())}", file=sys.stderr)
