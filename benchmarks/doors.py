"""What a user waits for before anything happens: help, against the library that it is made with."""

import resource
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.race import Figure, Race, Side

_BARE = "import typer"
_DOOR = "from nasflow.cli import main; main()"


def doors() -> Iterator[Race]:
    """`nasflow --help` and a command's own, each in a new process."""
    sides = {"bare": _process(_BARE), "help": _process(_DOOR, "--help")}
    sides["search_help"] = _process(_DOOR, "search", "--help")
    bars = {"help": 2.5, "search_help": 4.5}
    yield Race(sides, tuple(_figure(side, bar) for side, bar in bars.items()))


def _figure(side: str, bar: float) -> Figure:
    return Figure(
        name=f"{side}_vs_typer",
        baseline="a Python that imports typer and ends",
        unit="times as long",
        of=lambda seconds: seconds[side] / seconds["bare"],
        bar=bar,
        more_is_better=False,
    )


def _process(program: str, *arguments: str) -> Side:
    """Seconds of the processor that a Python takes for it, from its start to its end."""

    def run() -> float:
        before = _of_children()
        command = (sys.executable, "-c", program, *arguments)
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        return _of_children() - before

    return run


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
