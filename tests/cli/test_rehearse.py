from pathlib import Path

from tests.cli.calling import call

SMALL = ("rehearse", "--children", "60", "--seeds", "2", "--arm", "random", "--arm", "evolution")


def test_figures_for_programs(tmp_path: Path) -> None:
    """Each arm has its mean with an interval, its best and its collapsed seeds; the curves are drawn."""
    said = call(*SMALL, "--first-seed", "5", "--plot", tmp_path / "curves.svg", "--json")
    assert said.code == 0
    assert (said.json["children"], said.json["seeds"], said.json["first_seed"]) == (60, 2, 5)
    for arm in ("random", "evolution"):
        figures = said.json[arm]
        low, high = figures["interval"]
        assert low <= figures["rolling50_mean"] <= high
        assert figures["best"] >= figures["rolling50_mean"]
        assert figures["collapsed"] == 0
    drawn = (tmp_path / "curves.svg").read_text()
    assert all(f">{arm}</text>" in drawn for arm in ("random", "evolution"))


def test_a_table(tmp_path: Path) -> None:
    """Without --json it is a line an arm; another reward is another result."""
    tables = {name: call(*SMALL, "--reward", name).out for name in ("hash", "structured")}
    assert all("evolution" in table and "0 of 2" in table for table in tables.values())
    assert tables["hash"] != tables["structured"]


def test_a_plot_that_cannot_be_written(tmp_path: Path) -> None:
    """One line with the file, and the exit code of writing; the figures are not lost."""
    said = call(*SMALL, "--plot", tmp_path / "missing" / "curves.svg")
    assert said.code == 4
    assert "curves.svg" in said.err
    assert "evolution" in said.out


def test_an_arm_twice_is_once() -> None:
    """The same seeds of the same arm are no further evidence."""
    twice = call(
        "rehearse", "--children", "20", "--seeds", "2", "--arm", "random", "--arm", "random", "--json"
    )
    once = call("rehearse", "--children", "20", "--seeds", "2", "--arm", "random", "--json")
    assert twice.json == once.json
