"""A search that is struck again and again, and gone on with until it ends; and what must be left of it."""

import signal
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.backends.processes import gone, members, start
from tests.faults.blows import VARIABLE, Blows
from tests.steps.samples import TINY, open_archive

from nasflow.base.errors import LaneLost, NasflowError, StoreUnavailable
from nasflow.search.ledger import Ledger
from nasflow.steps.archive import Archive
from nasflow.steps.ledger import read_ledger
from nasflow.steps.leftovers import remove_leftovers
from nasflow.steps.summary import summary
from nasflow.store import Store

SHORT: dict[str, Any] = {"children_per_round": 1, "budget": {"children": 2}}
"""Two rounds of one child."""

SHORTLISTED: dict[str, Any] = {"finish": TINY["finish"] | {"shortlist": 2}}
"""The two best children are trained at full size before one of them is chosen."""

FOUND: dict[str, Any] = {
    "child": {"epochs": 2, "learning_rate": 0.05},
    "parents": "found",
    "controller": {"kind": "evolution", "population": 2, "tournament": 2},
    "random_share": 0.0,
    "budget": {"children": 3},
}
"""Children inherit from children, once there are two."""

HALVED: dict[str, Any] = {
    "child": {"epochs": 2, "learning_rate": 0.05},
    "halving": {"rungs": [1]},
    "budget": {"children": 2},
}
"""A round of two children, of which one goes on after an epoch."""

SEARCHES: tuple[dict[str, Any], ...] = (
    SHORT | SHORTLISTED,
    SHORT | FOUND,
    HALVED,
    SHORT | SHORTLISTED | FOUND,
)
"""What a campaign strikes."""

ITS_OWN = ("/attempts/", "/troubles/", "/forecast.json", "report.html")
"""What depends on how a search was run: how often it was tried, what went wrong, how long it was to take, the
page about that."""

MOST_LIVES = 60
STRUCK = frozenset({-signal.SIGKILL, StoreUnavailable.exit_code, LaneLost.exit_code})
"""How a process may end that was struck."""


def call_until_it_ends(command: Sequence[str | Path], folder: Path, blows: Blows) -> int:
    """Call a command, under blows, until it ends well; how many processes it took."""
    output = folder / "output"

    def live() -> bool:
        process = start(*command, output=output, alone=True)
        process.join()
        assert gone(members(process.pid or 0), within=60)
        assert process.exitcode in {0, *STRUCK}, f"{process.exitcode}: {output.read_text()}"
        return process.exitcode == 0

    return live_until_it_ends(live, blows)


def live_until_it_ends(live: Callable[[], bool], blows: Blows) -> int:
    """Call a function, under blows, until it is true; how often it was called.

    It is false too where it raises what a user would read: the blow fell on a process that it had begun.
    """
    last: NasflowError | None = None
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(VARIABLE, blows.told())
        for number in range(1, MOST_LIVES):
            try:
                if live():
                    return number
            except NasflowError as error:
                last = error
    raise AssertionError(f"it does not come to its end: {last}")


def assert_undisturbed(url: str, whole: Path, steps: int = 1) -> None:
    """Documents, controller states and weights are those of a search that nobody has struck, to the byte, and
    after `gc` nothing else is there; no child was paid for twice. One attempt at it is so many steps.
    """
    # One client: to make one for S3 takes longer than most of what is asked of it.
    ours, theirs = open_archive(url).store, open_archive(whole).store
    digests = {summary(Archive(each), "tiny")["ledger_digest"] for each in (ours, theirs)}
    assert len(digests) == 1
    remove_leftovers(Archive(ours), wait=lambda seconds: None)
    assert differing(read_all(ours), read_all(theirs)) == {}
    assert not [*Path(url).glob(".temporary/*")]
    assert_paid_once(read_ledger(Archive(ours), "tiny"), read_ledger(Archive(theirs), "tiny"), steps)


def read_all(store: Store) -> dict[str, bytes]:
    """Everything in a store but what is a run's own."""
    keys = [key for key in store.list("") if not any(text in key for text in ITS_OWN)]
    with ThreadPoolExecutor(8) as pool:
        return dict(zip(keys, pool.map(store.read, keys), strict=True))


def differing(
    ours: dict[str, bytes], theirs: dict[str, bytes]
) -> dict[str, tuple[bytes | None, bytes | None]]:
    """What two stores do not both hold, or not the same: the beginning of each, short enough to be read."""
    found = {key: (ours.get(key), theirs.get(key)) for key in sorted({*ours, *theirs})}
    return {
        key: (here and here[:400], there and there[:400])
        for key, (here, there) in found.items()
        if here != there
    }


def assert_paid_once(ledger: Ledger, whole: Ledger, steps: int) -> None:
    """Attempts that came to something are no more, child by child, than the steps of the undisturbed run.

    Fewer, where a process was killed between a child's record and its own end: the last one has no outcome.
    Whoever met a torn or refused write was hindered.
    """
    assert {each.outcome for each in ledger.attempts} <= {None, "useful", "hindered"}
    assert useful(ledger) <= Counter({child: steps * count for child, count in useful(whole).items()})
    assert {each.child for each in ledger.attempts} == {each.child for each in whole.attempts}


def useful(ledger: Ledger) -> Counter[str]:
    """The attempts that came to something, by child."""
    return Counter(each.child for each in ledger.attempts if each.outcome == "useful")
