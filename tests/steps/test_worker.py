import subprocess
import sys

from nasflow.steps.worker import is_dead, this_worker

TELL = "from nasflow.steps.worker import this_worker; print(this_worker())"


def test_who_lives() -> None:
    """A process of this machine that has ended is dead; this one is not; of others nothing is known."""
    ended = subprocess.run([sys.executable, "-c", TELL], capture_output=True, text=True, check=True)
    assert is_dead(ended.stdout.strip())
    assert not is_dead(this_worker())
    for stranger in (None, "", "another-machine 17 4711", "?", "a b c d"):
        assert not is_dead(stranger)


def test_a_number_that_was_given_again() -> None:
    """Another process under the number of one that has ended is not taken for it."""
    machine, number, begun = this_worker().split(" ")
    assert is_dead(f"{machine} {number} {int(begun) - 1}")
