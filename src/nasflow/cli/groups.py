"""Commands as `--help` lists them: under headings, and with all that their first lines say."""

from collections.abc import Mapping, Sequence
from typing import Any

from typer.core import TyperGroup

from nasflow.base.ending import TERMINATED, heeded
from nasflow.base.errors import Stopped, Terminated

HEADINGS: Mapping[str, Sequence[str]] = {
    "Search": ("init", "plan", "search", "resume", "transfer", "compare"),
    "Look": ("watch", "list", "show", "report", "export", "ui", "cell", "schema"),
    "Cluster": ("doctor", "compile", "submit", "status", "logs", "stop"),
    "Prove and study": ("verify", "rehearse", "audit", "table", "study"),
    "Tidy up": ("sync", "gc"),
    "Docs": ("reference",),
}
"""Each command of `nasflow` is under one of them."""


class Grouped(TyperGroup):
    """A group whose commands are told apart; those of a subgroup stand under one heading."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command. One that only looks, and is ended by a signal, has nothing to go on with."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, SystemExit) as end:
            if ctx.invoked_subcommand not in HEADINGS["Look"]:
                raise
            if isinstance(end, KeyboardInterrupt):
                raise Stopped from None
            if end.code == TERMINATED:
                raise Terminated from None
            raise
        finally:
            # Whatever has ended the command, it is at its end.
            heeded()

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write them: what click would cut at the end of the line goes on in the next one."""
        known = self.commands
        told = {name for names in HEADINGS.values() for name in names}
        others = {"Commands": [name for name in known if name not in told]}
        for title, names in {**HEADINGS, **others}.items():
            rows = [(name, _first_line(known[name].help)) for name in names if name in known]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def _first_line(text: str | None) -> str:
    return " ".join((text or "").partition("\n\n")[0].split())
