"""The command that writes a first configuration: init."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from nasflow.cli.options import DEFAULT_STORE, StoreOption, open_archive, write
from nasflow.cli.plan import StepSecondsOption

init_commands = typer.Typer()


ImagesOption = Annotated[str | None, typer.Option(help="digits, fashion-mnist, or a FOLDER of images.")]
NetworkOption = Annotated[
    str | None, typer.Option(help="torchvision:NAME or module:factory; none: nasflow's own.")
]
HoursOption = Annotated[float | None, typer.Option(min=0.001, help="That the search may take here.")]


@init_commands.command("init")
def _init(
    file: Annotated[Path, typer.Argument(help="The file to be written; none is overwritten.")] = Path(
        "search.yaml"
    ),
    images: ImagesOption = None,
    network: NetworkOption = None,
    hours: HoursOption = None,
    example: Annotated[str | None, typer.Option(help="Copy this example instead, such as digits.")] = None,
    step_seconds: StepSecondsOption = None,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Write a commented configuration that fits your images, your network and your time.

    Asks on a terminal what the options do not say. A few training steps are timed here.
    """
    from nasflow.base.errors import InvalidSpec

    if file.exists():
        raise InvalidSpec(f"{file}: is there already, and nothing is overwritten: give another name")
    if example is None:
        text = _made(_asked(images, network, hours), step_seconds, store)
    else:
        text = _example(example)
    write(file, text)
    typer.echo(f"{file} is written: read it, then `nasflow plan {file}` or `nasflow search {file}`")


def _asked(images: str | None, network: str | None, hours: float | None) -> tuple[str, str, float]:
    """The three answers; raise InvalidSpec where one is missing and nobody can be asked."""
    from nasflow.base.errors import InvalidSpec

    if not all((images, network, hours)) and not sys.stdin.isatty():
        raise InvalidSpec(
            "init: without a terminal, --images, --network and --hours are wanted, or --example"
        )
    return (
        images or typer.prompt("Images (digits, fashion-mnist, or a folder)", default="digits"),
        network or typer.prompt("Network (none, torchvision:resnet18, or module:factory)", default="none"),
        hours or typer.prompt("Hours that the search may take on this machine", default=1.0, type=float),
    )


def _made(answers: tuple[str, str, float], step_seconds: float | None, store: str) -> str:
    from nasflow.cli.plan import machine_of
    from nasflow.search.words import time_words
    from nasflow.steps.starter import fit_starter, starter

    images, network, hours = answers
    archive = open_archive(store)
    machine = machine_of(None, step_seconds)
    wanted = starter(images, None if network == "none" else network)
    found, told = fit_starter(archive, wanted, machine, hours, step_seconds)
    return found.text(f": about {time_words(3600 * told.hours)} ({machine.device})")


def _example(name: str) -> str:
    """One of the examples; raise InvalidSpec with all of them."""
    from importlib.resources import files

    from nasflow.base.errors import InvalidSpec

    known = {each.name.removesuffix(".yaml"): each for each in files("nasflow.examples").iterdir()}
    known = {each: file for each, file in known.items() if file.name.endswith(".yaml")}
    if name not in known:
        raise InvalidSpec(f"no example is called {name!r}: known are {', '.join(sorted(known))}")
    return known[name].read_text(encoding="utf-8")
