import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from tests.cli.calling import call
from tests.steps.samples import copy_of_finished, finished_once, ledger_of, open_archive

import nasflow
from nasflow.base.errors import InvalidSpec, SearchFailed
from nasflow.cli.looks import ClusterLook, Look
from nasflow.cli.screen import screen
from nasflow.search.cluster import Cluster, Run, Submission, Trouble
from nasflow.steps.follow import Follower
from nasflow.steps.keys import run_key, submission_key, trouble_key

MOMENTS = ("begun", "round", "full size")
"""Of the tiny search: nothing is trained; one child of two is done; one training is left."""


PROGRAM = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from nasflow.cli import main
main()
"""
"""The command as on a terminal: whoever runs the tests may ignore Ctrl-C."""


def at(moment: str, folder: Path) -> Path:
    """A store in which the tiny search is no further: what came later is deleted."""
    store = copy_of_finished(folder)
    here, ledger = store / "searches" / "tiny", ledger_of(store)
    first, second = (each.proposal.children for each in ledger.rounds)
    finals = [each.spec.id for each in ledger.finals if each.spec.id != ledger.start_spec.id]
    later = {
        "begun": ("rounds", "finishes", ledger.start_spec.id, *first, *second, *finals),
        "round": ("rounds/0002", "rounds/0001/update.json", "finishes", first[1], *second, *finals),
        "full size": ("finishes/0002/finish.json", *finals),
    }
    for name in later[moment]:
        of_a_child = store / "children" / name
        gone = (
            (of_a_child / "record.json", of_a_child / "attempts") if of_a_child.exists() else (here / name,)
        )
        for each in gone:
            shutil.rmtree(each, ignore_errors=True)
            each.unlink(missing_ok=True)
    return store


@pytest.fixture
def as_time_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store in which, between two looks of a watcher, the tiny search comes from moment to moment."""
    states = [at(moment, tmp_path / str(number)) for number, moment in enumerate(MOMENTS)]
    present = Path(shutil.copytree(states[0], tmp_path / "present"))
    coming = iter([*states[1:], finished_once()])

    def pass_time(seconds: float) -> None:
        shutil.copytree(next(coming), present, dirs_exist_ok=True)

    monkeypatch.setattr("nasflow.cli.looks.time.sleep", pass_time)
    return present


WAITING = ClusterLook(("pod        train: Pending  no node has a GPU",), is_submitted=True)


def drawn(store: Path, height: int = 40, cluster: ClusterLook = WAITING, width: int = 120) -> str:
    """The screen of a terminal, without its colours."""
    view = Follower(open_archive(store), "tiny").look()
    console = Console(file=StringIO(), width=width)
    console.print(screen(Look(view, 2, cluster, is_new=True), height))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_a_line_a_change(as_time_passes: Path) -> None:
    """In a pipe: where it stands, each network as it is done, named by what it is for, and the end."""
    said = call("watch", "tiny", "--store", as_time_passes)
    assert (said.code, said.err) == (0, "")
    begun, start, one, *others, found, over, hint = said.out.splitlines()
    assert begun == "0/4, start network"
    assert re.fullmatch(r"1/4, round 1, about .* left  start network: .* held-out  \( 3x3G \)", start)
    assert re.fullmatch(r"1/4, round 1, about .* left  child 1\.1: .* held-out  .*", one)
    assert [line.split("  ")[1].split(":")[0] for line in others] == ["child 1.2", "child 2.1", "child 2.2"]
    assert found.startswith("4/4, over  found cell at full size, seed 1: ")
    assert over.startswith("search tiny is over: budget: children: 4 of 4. ")
    assert f"`nasflow report tiny --store {as_time_passes}`" in hint


def test_a_page_that_renews_itself(
    as_time_passes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the search goes on, a browser reads the report again; the last one is the report as it is."""
    page, seen = tmp_path / "pages" / "tiny.html", []
    pass_time = time.sleep

    def look(seconds: float) -> None:
        seen.append(page.read_text())
        pass_time(seconds)

    monkeypatch.setattr("nasflow.cli.looks.time.sleep", look)
    assert call("watch", "--store", as_time_passes, "--html", page).code == 0
    assert all('<meta http-equiv="refresh"' in text for text in seen)
    assert len(set(seen)) == len(MOMENTS)
    last = page.read_text()
    assert "refresh" not in last
    assert call("report", "tiny", "--store", as_time_passes, "--output", tmp_path / "report.html").code == 0
    assert last == (tmp_path / "report.html").read_text()
    assert [each.name for each in page.parent.iterdir()] == ["tiny.html"]


def test_the_screen_at_every_moment(tmp_path: Path) -> None:
    """The stage, the best so far, each network of the stage with its state, and what the cluster says."""
    begun = drawn(at("begun", tmp_path / "a"))
    assert "tiny: 0/4, start network" in begun
    assert re.search(r"start network +waiting", begun)
    one = drawn(at("round", tmp_path / "b"))
    assert re.search(r"best +child 1\.1: ", one)
    assert re.search(r"\n1 +1/2 +▁ ", one)
    assert re.search(r"child 1\.1 +(controller|random) +trained +1 +[▁█] +.*% held-out", one)
    assert re.search(r"child 1\.2 +(controller|random) +waiting", one)
    last = drawn(at("full size", tmp_path / "c"))
    assert re.search(r"found cell at full size, seed 1 +waiting", last)
    assert re.search(r"\n2 +2/2 +[▁-█]{2} ", last)
    assert all(
        screen.endswith("pod        train: Pending  no node has a GPU\n") for screen in (begun, one, last)
    )


@pytest.mark.parametrize("width", [80, 90, 100, 110, 200])
def test_a_narrow_terminal(tmp_path: Path, width: int) -> None:
    """What a line begins with, and a network's name, state and figure, are whole; other columns go first."""
    children = drawn(at("round", tmp_path / "b"), width=width)
    assert max(map(len, children.splitlines())) <= width
    assert re.search(r"^search +tiny: ", children, re.MULTILINE)
    assert re.search(r"^best +child 1\.1: ", children, re.MULTILINE)
    assert re.search(r"^child 1\.1 .* trained .* \d+\.\d+ %( held-out)? *$", children, re.MULTILINE)
    assert re.search(r"^child 1\.2 .* waiting", children, re.MULTILINE)
    ends = drawn(copy_of_finished(tmp_path / "c"), width=width)
    assert re.search(
        r"^found cell( at full size, seed 1)? .*trained .* \d+\.\d+ %( held-out)? *$", ends, re.MULTILINE
    )
    assert "curve" in drawn(copy_of_finished(tmp_path / "d"), width=200)


def test_nobody_at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody has been in training for a while, the screen says what goes on with the search."""
    store = at("round", tmp_path)
    assert "has been in training" not in drawn(store)
    monkeypatch.setattr("nasflow.steps.attempts.STILL_SECONDS", 0.0)
    said = " ".join(drawn(store).split())
    assert (
        "no network has been in training for 0 s: if nobody is at work, `nasflow resume tiny --store" in said
    )
    # A pod that begins, or a light one, is somebody.
    assert "has been in training" not in drawn(store, cluster=replace(WAITING, has_pods=True))


def test_over_on_a_cluster(finished: Path) -> None:
    """What is trained is not over before its pods have ended: the last ones register and report."""
    view = Follower(open_archive(finished), "tiny").look()
    assert view.is_over
    assert not Look(view, 1, ClusterLook(is_submitted=True, is_going_on=True), is_new=True).is_over
    assert Look(view, 1, ClusterLook(is_submitted=True), is_new=True).is_over


def test_a_low_terminal(tmp_path: Path) -> None:
    """What waits or is in training stays on the screen, what is done goes."""
    store = at("round", tmp_path)
    assert "child 1.1 " in drawn(store, 40).partition("network")[2].partition("network")[2]
    assert len(drawn(store, 12).splitlines()) <= 14


def test_what_a_cluster_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Kubeflow does not answer: what steps wrote down, with the run's number if that is over."""
    monkeypatch.delenv("NASFLOW_KFP_HOST", raising=False)
    store = copy_of_finished(tmp_path)
    archive = open_archive(store)
    submission = Submission(tag="abcdef", cluster=Cluster(image="nasflow:1"), search="a", finish="b")
    archive.replace(submission_key("tiny"), submission, None)
    archive.replace(run_key("tiny", 2), Run(number=2, pipeline="search", progress="", id="run-id"), None)
    for run in (1, 2):
        trouble = Trouble(step="train", child="c", pod="p", reason="out of memory", run=run)
        archive.replace(trouble_key("tiny", run), trouble, None)
    said = call("watch", "tiny", "--store", store)
    assert "run        2 (search) run-id: not seen\n" in said.out
    assert "trouble    train c of run 1: out of memory\ntrouble    train c: out of memory\n" in said.out
    assert "note       NASFLOW_KFP_HOST is not set" in said.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_left_by_a_signal_in_a_pipe(tmp_path: Path, number: int) -> None:
    """The search goes on, so nothing is said of a stop."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "watch", "--every", "0.2", "--store", str(at("round", tmp_path))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(nasflow.__file__).parents[1])},
        text=True,
    )
    assert process.stdout
    assert "1/4, round 1" in process.stdout.readline()
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (128 + number, "")


def test_which_search(three: Path, tmp_path: Path) -> None:
    """Left out, it is the one that is not over; where that says too little, their names are told."""
    assert call("watch", "--store", tmp_path).code == InvalidSpec.exit_code
    assert "there is none" in call("watch", "--store", tmp_path).error
    assert call("watch", "--store", finished_once()).code == 0
    from nasflow.cli.watch import unfinished

    assert unfinished(open_archive(three)) == "new"


def test_a_search_that_failed(three: Path) -> None:
    """It is over, with nothing found: the exit code says so."""
    said = call("watch", "failed", "--store", three)
    assert said.code == SearchFailed.exit_code
    assert said.out.startswith("2/4, over\n")
    assert "stopped without a network" in said.err


def test_left_by_ctrl_c(tmp_path: Path) -> None:
    """On a terminal the screen stays, and nothing is said: exit code 130."""
    command = [sys.executable, "-c", PROGRAM, "watch", "--every", "0.2"]
    here, there = pty.openpty()
    environment = os.environ | {"PYTHONPATH": str(Path(nasflow.__file__).parents[1]), "TERM": "xterm"}
    process = subprocess.Popen(
        [*command, "--store", str(at("round", tmp_path))],
        stdin=there,
        stdout=there,
        stderr=there,
        env=environment | {"COLUMNS": "120", "LINES": "30"},
        start_new_session=True,
    )
    os.close(there)
    said = ""
    for text in read(here):
        if "child 1.2" in text and "\x03" not in said:
            process.send_signal(2)
            said = "\x03"
        said += text
    assert process.wait() == 130
    _, _, after = said.partition("\x03")
    assert after.rstrip().endswith("\x1b[?25h")
    assert "stopped" not in said
    assert "Traceback" not in said


def read(terminal: int) -> Iterator[str]:
    """What a program writes on a terminal, until it ends."""
    with suppress(OSError):
        while data := os.read(terminal, 65536):
            yield data.decode(errors="replace")
    os.close(terminal)
