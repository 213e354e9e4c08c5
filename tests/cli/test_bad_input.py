import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli.calling import GUESS, call, write_config
from tests.steps.samples import HOST, TINY, documents, open_archive

from nasflow.base.errors import BlobDamaged, Conflict, DataSetMissing, InvalidSpec, StoreError
from nasflow.steps.compare import write_comparison

BAD_VALUES: dict[str, tuple[dict[str, Any], str]] = {
    "a key that is nearly right": ({"chlid": {}}, "unknown key 'chlid': did you mean 'child'?"),
    "a key inside": ({"child": {"epoch": 3}}, "unknown key 'child.epoch': did you mean 'epochs'?"),
    "a negative number": ({"children_per_round": -3}, "children_per_round: Input should be greater than"),
    "a negative seed": ({"seed": -1}, "seed: Input should be greater than or equal to 0 (given: -1)"),
    "a seed without end": ({"seed": 10**25}, "seed: Input should be less than"),
    "threads without end": ({"child": {"cpu_threads": 100_000}}, "child.cpu_threads: Input should be less"),
    "a negative rate": ({"child": {"learning_rate": -0.1}}, "child.learning_rate: Input should be greater"),
    "no number": ({"child": {"learning_rate": float("nan")}}, "child.learning_rate"),
    "no budget": ({"budget": {}}, "set at least one of children, rounds, seconds, gpu_hours"),
    "a name for no Kubernetes object": (
        {"name": "My Search"},
        "at most 53, are wanted: my-search would do (given: 'My Search')",
    ),
    "a cell that does not fit": (
        {"start_cell": "concat( 3x3G, 3x3G, 3x3G, 3x3G, 3x3G )"},
        "the cell does not fit, node root: 4 channels cannot be shared by 5 branches",
    ),
    "a cell that is none": ({"start_cell": "add( 3x3G"}, "start_cell"),
    "growth that groups do not divide": ({"host": HOST | {"groups": 3}}, "growth 4 is not a multiple of"),
    "images too small for the host": (
        {"host": HOST | {"stages": 5}},
        "a densenet like this needs images of 16 pixels",
    ),
    "images too small for the finish": (
        {"finish": {"host": HOST | {"stages": 6}, "recipe": {}}},
        "a densenet like this needs images of 32 pixels",
    ),
    "too many held out": ({"data": {"name": "digits", "held_out": 2000}}, "data.held_out is 2000"),
    "a start over a limit": (
        {"limits": {"parameters": "1k"}},
        "of the start network parameters 1766 is over the limit of 1000",
    ),
    "an unknown measure": ({"objective": {"maximise": "speed"}}, "objective.maximise: no measure is called"),
    "an unknown host": ({"host": {"kind": "resnet"}}, "host: no kind is called 'resnet': take densenet, "),
    "a controller without a kind": ({"controller": "evolution"}, "controller: a mapping with a `kind`"),
    "an unknown data set": ({"data": {"name": "imagenet", "held_out": 20}}, "data.name"),
}

BAD_COMMANDS = [
    ("resume", "tiny", "--children", "-1"),
    ("resume", "tiny", "--children", "many"),
    ("resume", "tiny", "--seconds", "0"),
    ("resume", "tiny", "--gpu-hours", "nan"),
    ("resume", "tiny", "--lanes", "0"),
    ("verify", "--random", "0"),
    ("verify", "--seed", "-1"),
    ("rehearse", "--children", "1", "--plot", "curves.png"),
    ("serach", "search.yaml"),
    ("search",),
    ("show", "tiny", "--jsno"),
    ("cell", "nonsense"),
    ("cell", "add( 3x3G"),
    ("cell", "add( 9x9 )"),
    ("cell", 5000 * "add( 3x3G -> "),
    ("cell", ""),
    ("cell", 100_000 * "x"),
    ("cell", "add( 3x3G, " + 50_000 * "3x3G, "),
    ("schema", "Nonsense"),
    ("show", "../tiny"),
    ("report", ""),
    ("list", "--store", "gs://bucket"),
]


@pytest.mark.parametrize(("changes", "said"), BAD_VALUES.values(), ids=BAD_VALUES)
def test_a_value_that_cannot_be(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    """A configuration with a mistake ends with one line that names it, before anything is written."""
    end = call("search", write_config(tmp_path, **changes), "--store", tmp_path / "store", "--no-track")
    assert end.code == InvalidSpec.exit_code
    assert said in end.error
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("command", BAD_COMMANDS, ids=lambda command: " ".join(command)[:40])
def test_a_command_line_that_cannot_be(command: tuple[str, ...], finished: Path) -> None:
    """A mistyped command, option or argument ends with one line and code 2, and changes nothing."""
    before = documents(open_archive(finished))
    arguments = (
        (*command, "--store", str(finished)) if command[0] in {"resume", "show", "report"} else command
    )
    end = call(*arguments)
    assert end.code == InvalidSpec.exit_code
    assert 0 < len(end.error) < 400
    assert documents(open_archive(finished)) == before


def test_lanes_of_a_backend_without(tmp_path: Path) -> None:
    """What would be passed over is refused, and so is a broken setting, before anything is written."""
    store = tmp_path / "store"
    said = call("search", write_config(tmp_path), "--store", store, "--backend", "subprocess", "--lanes", "2")
    assert (said.code, store.exists()) == (InvalidSpec.exit_code, False)
    assert "--lanes: the backend subprocess does one step at a time" in said.error


@pytest.mark.parametrize("command", [("search",), ("transfer", "start", "--host", "torchvision:alexnet")])
def test_a_broken_number_of_lanes(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused before anything is written."""
    monkeypatch.setenv("NASFLOW_LANES", "x")
    rest = ("--dataset", "digits", "--recipe", "{epochs: 1}") if command[1:] else (write_config(tmp_path),)
    said = call(*command, *rest, "--store", tmp_path / "store")
    assert "NASFLOW_LANES is 'x': a whole number" in said.error
    assert not (tmp_path / "store").exists()


def test_a_budget_that_is_no_longer(finished: Path) -> None:
    """More rounds where the children are spent change nothing, and that is said."""
    said = call("resume", "tiny", "--rounds", "9", "--store", finished, "--no-track")
    assert said.code == 0
    assert "nasflow: nothing to go on with: budget: children: 4 of 4" in said.err


@pytest.mark.parametrize("command", ["list", "show", "report", "export", "resume", "sync", "audit", "stop"])
def test_a_store_that_is_not_there(command: str, tmp_path: Path) -> None:
    """Who only reads is told that the folder does not exist, and makes none."""
    store = tmp_path / "stroe"
    arguments = () if command == "list" else ("tiny",)
    output = ("--output", tmp_path / "found") if command == "export" else ()
    end = call(command, *arguments, *output, "--store", store)
    assert end.code == StoreError.exit_code
    assert (
        end.error
        == f"store {store}: there is no such folder: --store or NASFLOW_STORE says where the store is"
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["show", "report", "resume", "sync", "status", "stop", "logs"])
def test_an_unknown_search(command: str, finished: Path) -> None:
    """A search that is not in the store is named, with one that is called alike, or where to look."""
    end = call(command, "tinny", "--store", finished)
    assert end.code == StoreError.exit_code
    assert end.error == f"no search 'tinny' in {finished}: did you mean 'tiny'?"
    other = call(command, "mine", "--store", finished)
    assert other.error == f"no search 'mine' in {finished}: `nasflow list` shows what is there"


@pytest.mark.parametrize("command", ["show", "logs", "resume"])
def test_a_comparison_is_no_search(command: str, tmp_path: Path) -> None:
    """Who names one is told its searches."""
    write_comparison(open_archive(tmp_path), "both", {(1, "path"): "both-path-1"}, "path")
    end = call(command, "both", "--store", tmp_path)
    assert end.code == 4
    assert end.error == "'both' is a comparison, and no search: name one of its searches: both-path-1"


@pytest.mark.parametrize(
    ("data", "remedy"),
    [
        (
            {"name": "cifar10", "held_out": 100},
            "fetch https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        ),
        ({"name": "fashion-mnist", "held_out": 100, "path": "/nowhere"}, "apt-get install dataset-fashion"),
        ({"name": "image-folder", "held_out": 100, "path": "/nowhere", "size": 32}, "train/<class>/"),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_a_missing_data_set(data: dict[str, Any], remedy: str, tmp_path: Path) -> None:
    """Images that are not there: the line says how to get them, and nothing is written."""
    end = call("search", write_config(tmp_path, data=data), "--store", tmp_path / "store", "--no-track")
    assert end.code == DataSetMissing.exit_code
    assert remedy in end.error
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("below", ["", "store"])
def test_a_store_that_is_a_file(below: str, tmp_path: Path) -> None:
    """A store at, or below, a file is refused with the place and a remedy."""
    (tmp_path / "file").touch()
    end = call("search", write_config(tmp_path), "--store", tmp_path / "file" / below, "--no-track")
    assert end.code == StoreError.exit_code
    assert "a file is where a folder must be" in end.error


def test_a_store_that_is_read_only(small_disk: Path, tmp_path: Path) -> None:
    """A read-only store is refused before the search begins, with a remedy."""
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    end = call("search", write_config(tmp_path), "--store", small_disk / "store", "--no-track")
    assert end.code == StoreError.exit_code
    assert "Read-only file system" in end.error
    assert "let this user read and write there" in end.error


def test_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    """A disk that fills up amid a search ends it in one line; with more space it goes on to its end."""
    file, store = write_config(tmp_path), small_disk / "store"
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(31 * 2**20))
    end = call("search", file, "--store", store, "--no-track")
    assert end.code == StoreError.exit_code
    _, *children, last = end.err.splitlines()
    assert last.startswith(f"nasflow: error: store {store}: No space left on device")
    assert all("% held-out" in line for line in children if not line.startswith(("nasflow: tiny: ", GUESS)))
    assert not list((store / ".temporary").iterdir())
    ballast.unlink()
    again = call("search", file, "--store", store, "--no-track")
    assert again.code == 0, again.err


@pytest.mark.parametrize("command", ["--help", "cell TreeCell-A", "list --store {store}"])
def test_an_output_that_is_full(command: str, finished: Path) -> None:
    """What cannot be printed is said in one line; where nothing can be said, the exit code still tells."""
    main = "from nasflow.cli import main; main()"
    asked = [sys.executable, "-c", main, *command.format(store=finished).split()]
    with Path("/dev/full").open("w") as full:
        printing = subprocess.run(asked, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        telling = subprocess.run([*asked, "--nothing"], stderr=full, check=False)
    assert (
        printing.stderr
        == "nasflow: error: what is to be printed cannot be written: No space left on device\n"
    )
    assert (printing.returncode, telling.returncode) == (1, 2)


def test_another_configuration_of_the_same_name(finished: Path, tmp_path: Path) -> None:
    """A name that is taken by another search: what differs is named, and nothing is changed."""
    before = documents(open_archive(finished))
    file = write_config(tmp_path, seed=2, child={"epochs": 2})
    end = call("search", file, "--store", finished, "--no-track")
    assert end.code == Conflict.exit_code
    assert end.error == (
        f"search 'tiny' exists in {finished} with another seed, child: "
        "give this one another name, or put the old values back to continue it"
    )
    assert documents(open_archive(finished)) == before


@pytest.mark.parametrize(
    "document", ["config.json", "start.json", "rounds/0001/proposal.json", "budget.json"]
)
@pytest.mark.parametrize("command", ["show", "resume", "list", "search"])
def test_a_document_that_is_cut_off(command: str, document: str, finished: Path) -> None:
    """A damaged document ends every command that needs it with one line that names it."""
    path = finished / "searches" / "tiny" / document
    path.write_bytes(path.read_bytes()[:-20])
    file = write_config(finished.parent)
    arguments: dict[str, tuple[str | Path, ...]] = {"list": (), "search": (file, "--no-track")}
    end = call(command, *arguments.get(command, ("tiny",)), "--store", finished)
    assert end.code == InvalidSpec.exit_code
    assert f"{path}: not JSON" in end.error


def test_a_blob_that_is_cut_off(finished: Path) -> None:
    """Damaged weights end a search with one line that names the file and the remedy."""
    for path in finished.glob("blobs/*/*"):
        path.write_bytes(path.read_bytes()[:-20])
    end = call("resume", "tiny", "--children", "6", "--store", finished, "--no-track")
    assert end.code == BlobDamaged.exit_code
    outlook, last = end.err.splitlines()
    assert outlook.startswith("nasflow: tiny: goes on after 4 children")
    assert last.startswith("nasflow: error: ")
    assert "damaged, its" in last
    assert last.endswith("delete it and go on with the search: `nasflow resume ID`")


def test_a_drawing_that_cannot_be_written(tmp_path: Path) -> None:
    """A picture's path in no folder is refused in one line."""
    end = call("cell", "TreeCell-A", "--svg", tmp_path / "nowhere" / "cell.svg")
    assert end.code == StoreError.exit_code
    assert "cannot be written" in end.error


def test_the_tiny_configuration_is_right(tmp_path: Path) -> None:
    """What the tests above make mistakes in is itself accepted."""
    from nasflow.cli.options import read_file

    assert read_file(write_config(tmp_path)).name == TINY["name"]
