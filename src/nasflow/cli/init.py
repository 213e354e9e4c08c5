"""The command that writes a first configuration: init."""

import math
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from nasflow.base.settings import DEFAULT_STORE
from nasflow.cli.options import StoreOption, check_folder, open_archive, read_file, write
from nasflow.cli.plan import StepSecondsOption

init_commands = typer.Typer()

_Answer = TypeVar("_Answer")


ImagesOption = Annotated[str | None, typer.Option(help="digits, fashion-mnist, or a FOLDER of images.")]
NetworkOption = Annotated[
    str | None, typer.Option(help="torchvision:NAME, module:factory, or the word none: nasflow's own.")
]
_SHORTEST = 0.001
"""Hours."""


def _hours(typed: str) -> float:
    """What was typed for the hours; raise typer.BadParameter, in one line, if it is no time."""
    try:
        hours = float(typed)
    except ValueError:
        raise typer.BadParameter(f"{typed!r} is no number of hours: 0.1 is six minutes") from None
    if not _SHORTEST <= hours < math.inf:
        raise typer.BadParameter(f"{typed} hours are no time for a search: {_SHORTEST} or more are wanted")
    return hours


HoursOption = Annotated[
    float | None,
    typer.Option(parser=_hours, metavar="<float>", help="That the search may take here: 0.1 is six minutes."),
]
SizeOption = Annotated[
    int | None,
    typer.Option(min=1, help="Pixels a side to which images are brought; if left out, it fits the time."),
]


@init_commands.command("init")
def _init(
    file: Annotated[Path, typer.Argument(help="The file to be written; none is overwritten.")] = Path(
        "search.yaml"
    ),
    images: ImagesOption = None,
    network: NetworkOption = None,
    hours: HoursOption = None,
    size: SizeOption = None,
    example: Annotated[str | None, typer.Option(help="Copy this example instead, such as digits.")] = None,
    step_seconds: StepSecondsOption = None,
    store: StoreOption = DEFAULT_STORE,
) -> None:
    """Write a commented configuration that fits your images, your network and your time.

    Asks on a terminal what the options do not say. A few training steps are timed here.
    """
    from nasflow.base.errors import InvalidSpec

    check_folder(file.absolute().parent)
    if os.path.lexists(file):
        raise InvalidSpec(f"{file}: is there already, and nothing is overwritten: give another name")
    if example is None:
        text = _made(_asked(images, network, hours), size, step_seconds, store)
    else:
        text = _example(example)
    write(file, text)
    name = read_file(file).name
    typer.echo(
        f"{file} is written, with the search {name}: read it, then `nasflow plan {file}` or "
        f"`nasflow search {file}`"
    )


def _asked(images: str | None, network: str | None, hours: float | None) -> tuple[str, str, float]:
    """The three answers, each checked before the next one is asked for; raise InvalidSpec where one is
    missing and nobody can be asked.
    """
    from nasflow.base.errors import InvalidSpec

    if images:
        _check_images(images)
    if network:
        _check_network(network)
    given = {
        "--images digits (or a folder)": images,
        "--network none (or torchvision:resnet18)": network,
        "--hours 1": hours,
    }
    missing = [name for name, answer in given.items() if not answer]
    if missing and not sys.stdin.isatty():
        raise InvalidSpec(f"init: nobody can be asked without a terminal: give {' and '.join(missing)}")
    return (
        images or _prompted("Images (digits, fashion-mnist, or a folder)", "digits", _with(_check_images)),
        network
        or _prompted(
            "Network (none, torchvision:resnet18, or module:factory)", "none", _with(_check_network)
        ),
        hours or _prompted("Hours that the search may take on this machine", "1", _hours),
    )


def _prompted(question: str, default: str, read: Callable[[str], _Answer]) -> _Answer:
    """What is typed, asked for until `read` takes it."""
    answer: _Answer = typer.prompt(question, default=default, value_proc=read)
    return answer


def _with(check: Callable[[str], object]) -> Callable[[str], str]:
    """Reads what `check` takes as it is."""
    from nasflow.base.errors import NasflowError

    def checked(typed: str) -> str:
        try:
            check(typed)
        except NasflowError as error:
            raise typer.BadParameter(str(error)) from None
        return typed

    return checked


def _check_images(images: str) -> str | None:
    """The whole path of a folder of images; None: a data set is named. Raise DataSetMissing for neither."""
    from nasflow.base.errors import DataSetMissing
    from nasflow.base.files import at_home
    from nasflow.search.starter import STARTER_HOSTS

    named = sorted({*STARTER_HOSTS} - {"image-folder"})
    if images in named:
        return None
    path = at_home(images).absolute()
    if not os.path.isdir(path):
        raise DataSetMissing(f"--images {images}: no folder, and none of {', '.join(named)}")
    return os.path.normpath(path)


def _check_network(network: str) -> None:
    from nasflow.base.errors import InvalidSpec

    if network != "none" and ":" not in network:
        raise InvalidSpec(f"--network {network}: torchvision:{network}, module:factory or none is wanted")


def _made(answers: tuple[str, str, float], size: int | None, step_seconds: float | None, store: str) -> str:
    from nasflow.base.terminal import say
    from nasflow.cli.plan import machine_of
    from nasflow.search.words import time_words
    from nasflow.steps.ledger import search_ids
    from nasflow.steps.starter import fit_starter, starter

    images, network, hours = answers
    path = _check_images(images)
    archive = open_archive(store)
    machine = machine_of(None, step_seconds)
    name = "image-folder" if path else images
    wanted = starter(name, path, None if network == "none" else network, size)
    # A store that has tried these images has a search of their name.
    known, numbered = search_ids(archive), (replace(wanted, number=number) for number in count(1))
    wanted = next(each for each in numbered if each.name not in known)
    found, told = fit_starter(archive, wanted, machine, hours, step_seconds)
    if found.effort.is_trial:
        say(f"so short a search shows how one works, and its winner is luck: {_MORE}")
    return found.text(f": about {time_words(3600 * told.hours)} ({machine.device})")


_MORE = "more --hours train longer, and `nasflow plan` says what its images can show"


def _example(name: str) -> str:
    """One of the examples; raise InvalidSpec with all of them."""
    from importlib.resources import files

    from nasflow.base.errors import InvalidSpec

    known = {each.name.removesuffix(".yaml"): each for each in files("nasflow.examples").iterdir()}
    known = {each: file for each, file in known.items() if file.name.endswith(".yaml")}
    if name not in known:
        raise InvalidSpec(f"no example is called {name!r}: known are {', '.join(sorted(known))}")
    return known[name].read_text(encoding="utf-8")
