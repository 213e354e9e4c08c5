"""Children in processes of their own: who dies when, what is said. What they come to: test_contract.py."""

import errno
import os
import shutil
import signal
import time
from collections.abc import Callable
from importlib.util import find_spec
from multiprocessing import active_children
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from tests.backends.processes import begin as begin_server
from tests.backends.processes import gone, lanes_of, start
from tests.cli.calling import GUESS, call, write_config
from tests.plugin import install_plugin
from tests.steps.samples import LONGER, Nobody, config, finished_once, open_archive
from tests.training.datasets.small import image_folder
from torch import distributed
from torch.testing._internal.distributed.fake_pg import FakeStore

from nasflow.backends.inline import run
from nasflow.base.errors import DataSetMissing, LaneLost, NotFound
from nasflow.base.plugins import plugged
from nasflow.search.record import RoundRecord, TrainedRecord
from nasflow.steps import lanes
from nasflow.steps.begin import begin
from nasflow.steps.lanes import count_lanes
from nasflow.steps.ledger import read_ledger
from nasflow.steps.summary import summary
from nasflow.store import blob_key

LONG = {"epochs": 500, "learning_rate": 0.05}
"""A child with time to be killed in."""


def digest(store: Path) -> object:
    """What `nasflow show --json` calls the ledger's digest."""
    return summary(open_archive(store), "tiny")["ledger_digest"]


def search(store: Path, watcher: Nobody, lanes: int = 2, **changes: Any) -> None:
    """Begin the tiny search, or go on with it, in so many lanes."""
    begin_server()
    archive = open_archive(store)
    run(archive, begin(archive, config(**changes)), watcher, lambda: None, lanes)


class Told(Nobody):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.shares: dict[str, list[float]] = {}
        self.lanes: list[int] = []

    def training(self, child: str, share: float) -> None:
        """See Watcher."""
        self.shares.setdefault(child, []).append(share)

    def child(self, record: RoundRecord) -> None:
        """See Watcher."""
        self.lanes.append(len(active_children()))


class OnStage(Nobody):
    """Does something when a round begins, once its children are proposed and before they are trained."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act

    def stage(self, title: str, children: int) -> None:
        """See Watcher."""
        if title.startswith("round") and children:
            self._act()


def test_progress_is_told(tmp_path: Path) -> None:
    """Of each child the share that is done is told, from the first batch on, and of none after its end."""
    told = Told()
    search(tmp_path, told)
    ledger = read_ledger(open_archive(tmp_path), "tiny")
    trained = {each.child for each in (ledger.start, *ledger.children, ledger.final) if each}
    assert set(told.shares) == trained
    for shares in told.shares.values():
        assert shares == sorted(shares)
        assert 0 < shares[0] <= shares[-1] <= 1
    # The start network and the finish are one task each.
    assert told.lanes == [0, 2, 2, 2, 2, 2]
    assert active_children() == []


def test_one_task_opens_no_process(tmp_path: Path) -> None:
    """A search of one child a round is trained in this process, however many lanes there may be."""
    told = Told()
    search(tmp_path, told, lanes=8, children_per_round=1, budget={"children": 2})
    assert told.lanes == [0, 0, 0, 0]


def test_what_lanes_share() -> None:
    """What is imported before they are forked is there: what is not is passed over without a word."""
    assert [name for name in lanes._HEAVY if find_spec(name) is None] == []


def test_torchrun_is_one_lane() -> None:
    """Where several processes train one child together, there is one lane, whatever was asked for."""
    assert count_lanes(7) == 7
    distributed.init_process_group("fake", store=FakeStore(), rank=0, world_size=2)
    try:
        assert count_lanes() == count_lanes(7) == 1
    finally:
        distributed.destroy_process_group()


def test_as_many_as_there_are_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without GPUs there is a lane for each core, or for as many as one child's training takes."""
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    monkeypatch.setattr("os.sched_getaffinity", lambda process: set(range(8)))
    assert [count_lanes(threads=threads) for threads in (1, 3, 8, 16)] == [8, 2, 1, 1]
    monkeypatch.setattr("torch.cuda.device_count", lambda: 4)
    assert (count_lanes(threads=8), count_lanes(5, threads=8)) == (4, 5)


class Killer(Told):
    """Kills the lanes as soon as one of them says a word, or when a round is done and they are idle."""

    def __init__(self, idle: bool = False) -> None:
        super().__init__()
        self._idle = idle

    def training(self, child: str, share: float) -> None:
        """See Watcher."""
        if not self._idle:
            self._kill()

    def child(self, record: RoundRecord) -> None:
        """See Watcher."""
        super().child(record)
        if self._idle and len(self.lanes) == 3:
            self._kill()

    def _kill(self) -> None:
        for lane in active_children():
            lane.kill()
            lane.join()


@pytest.mark.parametrize("idle", [False, pytest.param(True, marks=pytest.mark.long)], ids=["at work", "idle"])
def test_a_lane_is_killed(idle: bool, tmp_path: Path) -> None:
    """One line names the child, the cause and the remedy; what is done is kept, and the search goes on."""
    with pytest.raises(LaneLost) as lost:
        search(tmp_path, Killer(idle))
    assert str(lost.value).startswith("the process that trained child ")
    assert "was killed, for want of memory most likely: the same command goes on with tiny" in str(lost.value)
    ledger = read_ledger(open_archive(tmp_path), "tiny")
    assert len(ledger.children) == (2 if idle else 0)
    assert call("resume", "tiny", "--store", tmp_path, "--no-track").code == 0
    assert digest(tmp_path) == digest(finished_once())


def test_no_lane_can_be_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no memory for another process, the remedy is the same."""

    def refuse(self: ForkServerProcess) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    monkeypatch.setattr(ForkServerProcess, "start", refuse)
    with pytest.raises(LaneLost, match=r"Cannot allocate memory\), .* less with fewer --lanes"):
        search(tmp_path, Nobody())


def test_its_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the door it is one line and 13."""

    def lost(*arguments: object) -> None:
        raise LaneLost("gone")

    monkeypatch.setattr("nasflow.backends.inline.run", lost)
    said = call("search", write_config(tmp_path), "--store", tmp_path / "store", "--no-track")
    assert (said.code, said.err.splitlines()[-1]) == (13, "nasflow: error: gone")


@pytest.mark.parametrize("lanes", [1, 2])
def test_lost_weights(lanes: int, tmp_path: Path) -> None:
    """A store that loses what children need is said in the same line in lanes as without them."""
    archive = open_archive(tmp_path)

    def lose() -> None:
        start = read_ledger(archive, "tiny").start
        assert isinstance(start, TrainedRecord)
        archive.store.delete(blob_key(start.weights))

    with pytest.raises(NotFound) as error:
        search(tmp_path, OnStage(lose), lanes)
    assert str(error.value).startswith(f"store {archive.store.url} has no blobs/")


def test_unplugged_data(tmp_path: Path) -> None:
    """Images that are gone when a lane wants them are named, with the remedy."""
    folder = tmp_path / "images"
    data = image_folder(folder).model_dump()
    with pytest.raises(DataSetMissing, match="image-folder: its files are neither in"):
        search(tmp_path / "store", OnStage(lambda: shutil.rmtree(folder)), data=data)
    assert active_children() == []


BROKEN = """
from multiprocessing import parent_process
from nasflow.search.measures import Measure, Measured

MEASURE = Measure("broken", "depth", False, "measure_of_theirs:take", is_asked_for=True)

def take(subject):
    return Measured(value=1 / (parent_process() is None), unit="depth")
"""
"""A measure that cannot be taken in a lane."""


def test_a_bug_is_a_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw, as in a package that is plugged in, arrives with the place where it happened."""
    address = "measure_of_theirs:MEASURE"
    install_plugin(monkeypatch, tmp_path, "nasflow.measures", "broken", address, measure_of_theirs=BROKEN)
    try:
        with pytest.raises(RuntimeError, match=r"(?s)trained child .*measure_of_theirs.*ZeroDivisionError"):
            search(tmp_path / "store", Nobody(), measures=["broken"])
    finally:
        plugged.cache_clear()
    assert active_children() == []


def lanes_at_work(store: Path, victim: ForkServerProcess) -> set[int]:
    """Wait until two children are begun besides the start network; who trains them."""
    while victim.exitcode is None and len(list(store.glob("children/*/attempts"))) < 3:
        time.sleep(0.01)
    assert victim.pid is not None
    found = lanes_of(victim.pid)
    assert len(found) == 2
    return found


def test_interrupted(tmp_path: Path) -> None:
    """Ctrl-C, which all processes of a job hear, is one line and 130, and no lane goes on."""
    file, store, output = write_config(tmp_path, child=LONG), tmp_path / "store", tmp_path / "output"
    victim = start("search", file, "--store", store, "--no-track", "--lanes", "2", output=output, alone=True)
    at_work = lanes_at_work(store, victim)
    os.killpg(victim.pid or 0, signal.SIGINT)
    victim.join()
    assert victim.exitcode == 130, output.read_text()
    assert gone(at_work, within=0)
    _, *children, last = output.read_text().splitlines()
    assert last == (
        "nasflow: stopped: search tiny: all finished epochs are kept, "
        f"`nasflow resume tiny --store {store}` goes on"
    )
    # Whatever is said of the start network, which is the one that has ended.
    assert len([each for each in children if not each.startswith(GUESS)]) == 1, children


@pytest.mark.long
def test_killed(tmp_path: Path) -> None:
    """SIGKILL of the search leaves no lane that goes on; resumed in one lane, it ends as one that was not."""
    file, store, output = write_config(tmp_path, child=LONGER), tmp_path / "store", tmp_path / "output"
    victim = start("search", file, "--store", store, "--no-track", "--lanes", "2", output=output, alone=True)
    at_work = lanes_at_work(store, victim)
    victim.kill()
    victim.join()
    assert gone(at_work, within=5)
    assert call("resume", "tiny", "--store", store, "--no-track").code == 0
    assert digest(store) == digest(finished_once(child=LONGER))
