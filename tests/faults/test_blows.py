"""The blows do what they say, on a directory and on a real S3: else what outlives them proves nothing."""

import os
import signal
from pathlib import Path

import pytest
from tests.faults.blows import VARIABLE, Blow, Blows, install_told

from nasflow.base.errors import StoreError
from nasflow.store import open_store

DATA = bytes(50_000)
KILLED, FAILED = -signal.SIGKILL, StoreError.exit_code

EXPECTED: dict[Blow, tuple[int, bool]] = {
    Blow.NONE: (0, True),
    Blow.REFUSED: (FAILED, False),
    Blow.LOST: (FAILED, True),
    Blow.TWICE: (0, True),
    Blow.LATE: (0, True),
    Blow.KILLED_BEFORE: (KILLED, False),
    Blow.TORN: (KILLED, False),
    Blow.KILLED_AFTER: (KILLED, True),
}
"""How the process ends that creates a key, and whether the key is there."""


def create_in_a_process(url: str) -> int:
    """Create a key under the blows that the environment tells of; how the process ended."""
    if (number := os.fork()) == 0:
        code = 1
        try:
            install_told()
            code = 0 if open_store(url).replace("key", DATA, None) else 1
        except StoreError as error:
            code = error.exit_code
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


@pytest.mark.parametrize("kind", ["directory", "s3"])
@pytest.mark.parametrize("blow", Blow, ids=lambda blow: blow.name)
def test_a_blow(kind: str, blow: Blow, s3_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Done or not, and the process dead or not; of what is torn there is half a file, and no key."""
    store = tmp_path / "store"
    url = s3_url if kind == "s3" else str(store)
    blows = Blows(tmp_path, at={1: blow})
    monkeypatch.setenv(VARIABLE, blows.told())
    assert create_in_a_process(url) == EXPECTED[blow][0]
    left = [len(each.read_bytes()) for each in store.glob(".temporary/*")]
    assert left == ([len(DATA) // 2] if blow is Blow.TORN and kind == "directory" else [])
    assert open_store(url).exists("key") == EXPECTED[blow][1]
    assert blows.writes() == 1
    assert blows.struck() == ([] if blow is Blow.NONE else [(blow, "key")])


def test_what_a_seed_draws(tmp_path: Path) -> None:
    """The same of the same seed, whichever process writes; each blow, sooner or later."""
    draws = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        blows = Blows.heard(Blows(tmp_path / name, seed=3, every=2).told())
        draws.append([blows.draw("key") for _ in range(100)])
    assert draws[0] == draws[1]
    assert set(draws[0]) == set(Blow)
