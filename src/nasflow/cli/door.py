"""The commands' common frame: how they are found, how errors are shown, what they exit with."""

import errno
import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from types import TracebackType
from typing import Annotated, Any

import typer

from nasflow.base.ending import TERMINATED, stop_on_sigterm
from nasflow.base.errors import InvalidSpec, NasflowError, Stopped
from nasflow.base.settings import ALLOWED_CODE, RANK, WORLD_SIZE
from nasflow.base.terminal import say
from nasflow.cli.campaign import proof_commands
from nasflow.cli.cluster import cluster_commands
from nasflow.cli.compare import compare_commands
from nasflow.cli.groups import Grouped
from nasflow.cli.init import init_commands
from nasflow.cli.interrupt import INTERRUPTED, is_leaving, leave_on_ctrl_c, stop_on_ctrl_c
from nasflow.cli.look import look_commands
from nasflow.cli.plan import plan_commands
from nasflow.cli.rehearse import rehearsal_commands
from nasflow.cli.run import work_commands
from nasflow.cli.study import study_commands
from nasflow.cli.tidy import tidy_commands
from nasflow.cli.watch import watch_commands

_app = typer.Typer(
    name="nasflow",
    cls=Grouped,
    help="Grow a trained network into better ones, child by child.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
GROUPS = (
    init_commands,
    plan_commands,
    work_commands,
    look_commands,
    watch_commands,
    cluster_commands,
    proof_commands,
    rehearsal_commands,
    compare_commands,
    tidy_commands,
)
"""All commands but those of `nasflow study`; `groups.HEADINGS` says in which order people read them."""

for commands in GROUPS:
    _app.add_typer(commands)
_app.add_typer(study_commands, name="study")

_OF_A_STREAM = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG}
"""What a stream says that cannot be written: its reader is gone, its disk is full or broken."""

_UsageError: Any = typer.BadParameter.__base__
"""A command line that cannot be; a class of click's, which newer typers carry inside."""


@_app.callback(invoke_without_command=True)
def _frame(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and stop."),
    allow_code: Annotated[
        list[str] | None,
        typer.Option(metavar="MODULE", help=f"Networks may be made by MODULE's code [{ALLOWED_CODE}]."),
    ] = None,
) -> None:
    if allow_code:
        before = filter(None, [ALLOWED_CODE.get()])
        ALLOWED_CODE.set(",".join([*before, *allow_code]))
    if version:
        from nasflow.base.version import VERSION

        typer.echo(VERSION)
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def program() -> Any:
    """The command line, as typer's click has it."""
    return typer.main.get_command(_app)


def run_command() -> int:
    """Run the command of the command line; what it exits with."""
    sys.excepthook = _tell_of_a_bug
    # Closed by whoever began this process: others take for granted that it is there.
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    # A name on a disk may be no text, and a terminal may lack letters: both are shown written out.
    for stream in (sys.stdout, sys.stderr):
        # Whose file was replaced beneath it, a stream stays as it is.
        if isinstance(stream, TextIOWrapper):
            with suppress(OSError):
                stream.reconfigure(errors="backslashreplace")
    if not _is_somewhere():
        say("error: the folder that this was typed in is gone: go to another one")
        return InvalidSpec.exit_code
    # Torchrun's; asked here, so that no other command waits for torch.
    if RANK.is_set and (WORLD_SIZE.get() or 1) > 1:
        from nasflow.steps.together import together
        from nasflow.steps.train import join

        return together(_command, join)
    # Not above: torchrun ends its processes so, each in a step in which it waits for the others for ever.
    stop_on_sigterm()
    return _command()


def _is_somewhere() -> bool:
    """Whether there is a working directory: without one libraries end the process, each in its own way."""
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def _unprinted(error: Exception) -> int:
    """Where standard output cannot be written, it is said; raise what is another error than that."""
    if not isinstance(error, OSError) or error.filename is not None or error.errno not in _OF_A_STREAM:
        raise error
    # What is still to be printed goes nowhere: Python would try it once more at its end.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno != errno.EPIPE:
        say(f"error: what is to be printed cannot be written: {error.strerror}")
    return 1


def _tell_of_a_bug(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Python's traceback: what a library was given may be in it."""
    from traceback import format_exception

    from nasflow.base.credentials import masked

    print(masked("".join(format_exception(kind, error, trace))), end="", file=sys.stderr)


def _command() -> int:
    stop_on_ctrl_c()
    try:
        code = _app(prog_name="nasflow", standalone_mode=False)
        # Here, and not at Python's own end, where nobody can say any more what was wrong.
        if sys.stdout:
            sys.stdout.flush()
    except Stopped as error:
        # A command that only looks has nothing to go on with.
        if str(error):
            say(f"stopped: {error}")
        return error.exit_code
    except NasflowError as error:
        say(f"error: {error}")
        return error.exit_code
    except _UsageError as error:
        say(f"error: {error.format_message()}")
        return int(error.exit_code)
    except typer.Abort:
        # At a question, the end of what is typed.
        say("stopped: nothing was answered, and nothing is written")
        return INTERRUPTED
    except SystemExit as end:
        code = end.code
    except Exception as error:
        if not is_leaving():
            return _unprinted(error)
        code = INTERRUPTED
    finally:
        leave_on_ctrl_c()
    # What typer makes of Ctrl-C; and a cluster's way to say it.
    if code in {INTERRUPTED, TERMINATED}:
        say("stopped: what was finished is kept, the same command goes on")
    return code or 0
