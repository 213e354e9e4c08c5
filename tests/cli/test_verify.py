import pytest
from tests.cli.calling import call


@pytest.mark.slow
def test_verify() -> None:
    """Random sequences of edits on trained networks change no logit by more than 1e-6 relative."""
    said = call("verify", "--random", "4", "--seed", "1", "--json")
    assert said.code == 0, said.err
    assert said.err == ""
    assert said.json["trials"] == 4
    assert said.json["largest_relative_difference"] <= said.json["tolerance"] == 1e-6
    assert said.json["worst"]["edits"]
