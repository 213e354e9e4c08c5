from pathlib import Path

from tests.cli.calling import call
from tests.steps.samples import copy_of_finished


def test_audit(tmp_path: Path) -> None:
    """Some children are trained from scratch and the two ranks compared, for people and for programs."""
    store = copy_of_finished(tmp_path)
    found = call("audit", "tiny", "--store", store, "--children", "3", "--json").json
    assert len(found["children"]) == 3
    assert all(0 <= each["full"] <= 1 for each in found["children"])
    said = call("audit", "tiny", "--store", store, "--children", "3")
    assert said.code == 0
    assert "Kendall's tau" in said.out
    assert all(each["parts"] in said.out for each in found["children"])


def test_more_than_there_are(tmp_path: Path) -> None:
    """More children than the search has trained are refused, with their number."""
    said = call("audit", "tiny", "--store", copy_of_finished(tmp_path), "--children", "50")
    assert said.code == 2
    assert "has 4 that were trained" in said.error
