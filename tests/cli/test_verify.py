import pytest
from tests.cli.calling import call


@pytest.mark.parametrize("trials", [2, pytest.param(8, marks=pytest.mark.long)])
def test_verify(trials: int) -> None:
    """Random sequences of edits on trained networks change no logit by more than 1e-6 relative."""
    said = call("verify", "--random", str(trials), "--seed", "1", "--json")
    assert said.code == 0, said.err
    assert said.err == ""
    assert said.json["trials"] == trials
    assert said.json["largest_relative_difference"] <= said.json["tolerance"] == 1e-6
    assert said.json["worst"]["edits"]
