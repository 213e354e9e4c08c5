"""`nasflow init` writes what loads, runs, and fits into the time that was asked for."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest
import typer
from tests.cli.calling import call
from tests.steps.samples import config, open_archive
from tests.training.datasets.small import image_folder

from nasflow.cli.options import read_file
from nasflow.search.effort import EFFORTS
from nasflow.search.start import TrainedStart
from nasflow.search.starter import Starter
from nasflow.steps.begin import begin

EXAMPLES = Path(__file__).parents[2] / "examples"
ASKED = ("--images", "digits", "--network", "none", "--step-seconds", "0.01")


@pytest.mark.parametrize("hours", [0.05, pytest.param(0.5, marks=pytest.mark.long)])
def test_what_is_written_fits_the_time(hours: float, tmp_path: Path) -> None:
    """The plan of the file, at the same pace, is within the hours, and uses a good share of them."""
    file = tmp_path / "digits.yaml"
    assert call("init", file, *ASKED, "--hours", str(hours)).code == 0
    told = call("plan", file, "--step-seconds", "0.01", "--json").json
    assert hours / 5 < told["hours"] <= hours
    assert read_file(file).budget.children == told["children"]


def test_too_little_time_is_said(tmp_path: Path) -> None:
    """With what the smallest search takes, which the file has."""
    file = tmp_path / "digits.yaml"
    said = call("init", file, *ASKED, "--hours", "0.001")
    told = r"--hours 0.001 are too few: the smallest search .* takes about (\d+ (s|min)) here"
    found = re.search(told, " ".join(said.err.split()))
    assert found
    assert said.code == 0
    assert f"nasflow init`: about {found[1]} (" in file.read_text()
    assert call("plan", file, "--step-seconds", "0.01", "--json").json["children"] == EFFORTS[0].children
    assert f"{file} is written, with the search digits" in said.out


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """A file that is there stays as it is."""
    file = tmp_path / "mine.yaml"
    file.write_text("mine")
    assert "nothing is overwritten" in call("init", file, "--example", "digits").error
    assert file.read_text() == "mine"


def test_without_a_terminal_nobody_is_asked(tmp_path: Path) -> None:
    """One line says which options are missing; what is wrong with those that are there comes first."""
    file = tmp_path / "new.yaml"
    network = "give --network none (or torchvision:resnet18)"
    for given, said in (
        ((), "give --images digits (or a folder) and --network none (or torchvision:resnet18) and --hours 1"),
        (("--images", "digits"), f"{network} and --hours 1"),
        (("--images", "digits", "--hours", "1"), network),
        (("--images", "digist"), "--images digist: no folder, and none of digits, fashion-mnist"),
        (("--network", "resnet18"), "--network resnet18: torchvision:resnet18, module:factory or none is"),
    ):
        assert said in call("init", file, *given).error


def test_what_is_no_good_is_asked_for_again(tmp_path: Path) -> None:
    """On a terminal, before the next question; what is typed may begin with ~."""
    image_folder(tmp_path / "ants")
    asked: list[str] = []

    def prompt(text: str, value_proc: Callable[[str], object], **_: object) -> object:
        asked.append(text.split(maxsplit=1)[0])
        wrong, said, right = {
            "Images": ("~/bees", "no folder", "~/ants"),
            "Network": ("resnet18", "torchvision:resnet18", "none"),
            "Hours": ("6 min", "'6 min' is no number of hours: 0.1 is six minutes", "0.2"),
        }[asked[-1]]
        with pytest.raises(typer.BadParameter, match=said):
            value_proc(wrong)
        return value_proc(right)

    with (
        patch.object(sys.stdin, "isatty", lambda: True),
        patch.object(typer, "prompt", prompt),
        patch.dict("os.environ", HOME=str(tmp_path)),
    ):
        assert call("init", tmp_path / "ants.yaml", "--step-seconds", "0.001").code == 0
    assert asked == ["Images", "Network", "Hours"]
    assert read_file(tmp_path / "ants.yaml").data.path == str(tmp_path / "ants")


def test_weights_that_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a way to torchvision's servers the file is written all the same, and begins without any."""

    def away(*_: object, **__: object) -> None:
        raise OSError("Name or service not known")

    monkeypatch.setattr("torch.hub.load_state_dict_from_url", away)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", away)
    image_folder(tmp_path / "ants")
    file = tmp_path / "ants.yaml"
    asked = ("--images", tmp_path / "ants", "--network", "torchvision:squeezenet1_1", "--hours", "1")
    said = call("init", file, *asked, "--step-seconds", "0.001")
    assert said.code == 0, said.err
    assert "the published weights cannot be had (Name or service not known)" in said.err
    start = read_file(file).start
    assert isinstance(start, TrainedStart)
    assert start.weights == "untrained"
    assert start.fresh is None


def test_a_second_search_of_the_same_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has another name than the first, which is in the store; so short a one is said to find luck."""
    store, file = tmp_path / "store", tmp_path / "digits.yaml"
    monkeypatch.setenv("NASFLOW_LANES", "1")
    begin(open_archive(store), config(name="digits"))
    begin(open_archive(store), config(name="digits-2"))
    said = call("init", file, *ASKED, "--hours", "0.03", "--store", store)
    assert said.code == 0
    assert "its winner is luck" in said.err
    assert read_file(file).name == "digits-3"
    said = call("init", tmp_path / "long.yaml", *ASKED, "--hours", "5", "--store", tmp_path / "another")
    assert "luck" not in said.err
    assert read_file(tmp_path / "long.yaml").name == "digits"


def test_on_a_terminal_what_is_missing_is_asked(tmp_path: Path) -> None:
    """The images are said, the network and the hours are typed."""
    file, typed = tmp_path / "digits.yaml", {"Network": "none", "Hours": 0.05}
    with (
        patch.object(sys.stdin, "isatty", lambda: True),
        patch.object(typer, "prompt", lambda text, **_: typed.pop(text.split()[0])),
    ):
        asked = ("--images", "digits", "--step-seconds", "0.01", "--store", tmp_path / "store")
        assert call("init", file, *asked).code == 0
    assert not typed
    assert read_file(file).name == "digits"


def test_an_example_is_copied(tmp_path: Path) -> None:
    """To the letter; an unknown one is answered with all."""
    file = tmp_path / "digits.yaml"
    assert call("init", file, "--example", "digits").code == 0
    assert file.read_text() == (EXAMPLES / "digits.yaml").read_text()
    assert "known are against-optuna, " in call("init", tmp_path / "other.yaml", "--example", "no").error


def test_an_empty_file_names_it(tmp_path: Path) -> None:
    """Whoever begins with an empty file is told how to begin."""
    (tmp_path / "empty.yaml").touch()
    assert "nasflow init" in call("search", tmp_path / "empty.yaml").error


@pytest.mark.parametrize("network", [None, "torchvision:resnet18", "my.nets:make"])
@pytest.mark.parametrize("images", ["fashion-mnist", "it's a/Folder of 9"])
@pytest.mark.parametrize("effort", [EFFORTS[0], EFFORTS[-1]])
def test_every_answer_loads(images: str, network: str | None, effort: object, tmp_path: Path) -> None:
    """Whatever was answered, with every effort, the file is a configuration."""
    path = None if images == "fashion-mnist" else images
    fresh = "fc.*" if network and network.startswith("torchvision:") else None
    assert isinstance(effort, type(EFFORTS[0]))
    name = "image-folder" if path else images
    file = tmp_path / "search.yaml"
    file.write_text(Starter(name, path, network, fresh, 6000, 10, effort, 32 if path else None, 4).text())
    asked = read_file(file)
    assert asked.budget.children == effort.children
    assert asked.data.path == path
    assert asked.data.train_images == 1125


def test_a_folder_of_images(tmp_path: Path) -> None:
    """It is looked through, its held-out images are counted, and the search of it can be planned."""
    image_folder(tmp_path / "My Ants")
    file = tmp_path / "ants.yaml"
    asked = ("--images", tmp_path / "My Ants", "--network", "none", "--step-seconds", "0.001")
    assert call("init", file, *asked, "--hours", "0.2").code == 0
    found = read_file(file)
    assert (found.name, found.data.held_out) == ("my-ants", 4)
    assert found.data.path == str(tmp_path / "My Ants")
    assert (found.data.size, "your images are about 23 pixels\n" in file.read_text()) == (23, True)
    assert call("plan", file, "--step-seconds", "0.001", "--json").json["hours"] <= 0.2
    missing = call(
        "init", tmp_path / "other.yaml", "--images", "nowhere", "--network", "none", "--hours", "1"
    )
    assert missing.error.startswith("--images nowhere: no folder, and none of digits, fashion-mnist")


def test_a_folder_without_parts(tmp_path: Path) -> None:
    """It does too, and the plan says which images are kept for the test."""
    image_folder(tmp_path)
    (tmp_path / "train").rename(tmp_path / "ants")
    file, ants = tmp_path / "ants.yaml", tmp_path / "ants"
    asked = ("--images", ants, "--network", "none", "--step-seconds", "0.001", "--hours", "0.2")
    assert call("init", file, *asked).code == 0
    planned = call("plan", file, "--step-seconds", "0.001")
    assert planned.code == 0
    assert f"warning: {ants}: no train/ and test/ inside, so " in planned.err


@pytest.mark.parametrize("images", ["image-folder", ""])
def test_images_that_are_none(images: str, tmp_path: Path) -> None:
    """The name of a kind is no folder, and no answer is none: each is one line."""
    asked = ("--images", images, "--network", "none", "--hours", "1", "--step-seconds", "0.01")
    said = call("init", tmp_path / "new.yaml", *asked).error
    assert said.startswith("--images image-folder: no folder" if images else "init: nobody can be asked")
    assert not list(tmp_path.iterdir())


def test_what_was_seen_is_said_first(tmp_path: Path) -> None:
    """How many images, of how many classes, and which are for the test, before a step is timed."""
    image_folder(tmp_path)
    asked = ("--network", "none", "--step-seconds", "0.001", "--hours", "0.2")
    seen = "nasflow: 24 images, 2 classes, about 23 pixels a side; 8 of them are for the test, those in test/"
    said = call("init", tmp_path / "ants.yaml", "--images", tmp_path, *asked)
    assert said.err.splitlines()[0] == seen
    (tmp_path / "train").rename(tmp_path / "ants")
    said = call("init", tmp_path / "own.yaml", "--images", tmp_path / "ants", *asked)
    assert "16 images, 2 classes" in said.err
    assert "4 of them are for the test, drawn from each class\n" in said.err


@pytest.mark.long
def test_a_size_that_is_asked_for(tmp_path: Path) -> None:
    """Is taken as it is, and said to be more than the images have; digits may be made smaller too."""
    image_folder(tmp_path / "ants")
    asked = ("--network", "none", "--step-seconds", "0.001", "--hours", "0.2")
    ants, digits = tmp_path / "ants.yaml", tmp_path / "digits.yaml"
    assert call("init", ants, "--images", tmp_path / "ants", "--size", "48", *asked).code == 0
    assert read_file(ants).data.size == 48
    assert call("init", digits, "--images", "digits", "--size", "4", *asked).code == 0
    assert read_file(digits).data.size == 4


@pytest.mark.long
def test_little_time_takes_a_smaller_network(tmp_path: Path) -> None:
    """Where the usual one would not fit; none is trained for fewer steps, however few the hours."""
    image_folder(tmp_path / "ants")
    file = tmp_path / "ants.yaml"
    asked = ("--images", tmp_path / "ants", "--network", "none", "--step-seconds", "0.5")
    said = call("init", file, *asked, "--hours", "0.01")
    assert said.code == 0, said.err
    assert "more than --hours 0.01: a smaller one is tried" in said.err
    assert "--hours 0.01 are too few: the smallest search of these images, which the file has" in said.err
    found = read_file(file)
    assert (found.data.size, found.child.epochs, found.finish.recipe.epochs) == (16, 30, 200)


@pytest.mark.parametrize(
    ("hours", "said"), [("6 min", "is no number of hours: 0.1 is six"), ("nan", "no time")]
)
def test_hours_that_are_none(hours: str, said: str, tmp_path: Path) -> None:
    """One line names what was typed, and what is wanted."""
    error = call("init", tmp_path / "new.yaml", *ASKED, "--hours", hours).error
    assert said in error
    assert hours in error


def test_nobody_answers(tmp_path: Path) -> None:
    """The end of what is typed, at a question, is a stop."""
    with (
        patch.object(sys.stdin, "isatty", lambda: True),
        patch.object(typer, "prompt", side_effect=typer.Abort),
    ):
        said = call("init", tmp_path / "new.yaml")
    assert said.code == 130
    assert said.err == "nasflow: stopped: nothing was answered, and nothing is written\n"
    assert not list(tmp_path.iterdir())


def test_steps_for_ever(tmp_path: Path) -> None:
    """A step that takes no time that a clock can tell is refused."""
    assert "--step-seconds" in call("init", tmp_path / "new.yaml", *ASKED[:-1], "inf", "--hours", "1").error


def test_a_network_of_your_own(tmp_path: Path) -> None:
    """Its weights are to be given in the file; until then it begins with none."""
    file = tmp_path / "own.yaml"
    own = ("--images", "digits", "--network", "tests.networks.strangers:WithoutDropout")
    assert call("init", file, *own, "--hours", "1", "--step-seconds", "0.01").code == 0
    assert "safetensors file" in file.read_text()
    assert read_file(file).finish.inherit
