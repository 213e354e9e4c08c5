from tests.report.synthetic import synthetic_ledger

from benchmarks import tables


def test_found_against_its_controls() -> None:
    """A row a control, with the mean over the seeds and its interval; other arms are not counted."""
    ledgers = {
        (seed, arm): synthetic_ledger(finished=True, seed=seed)
        for seed in (1, 2)
        for arm in ("path", "random")
    }
    first, _, *rows = tables.against(ledgers)
    assert first.startswith("| found minus")
    assert len(rows) == 5
    assert rows[0] == "| start network | +0.75 |"
    assert rows[-1].startswith("| best of the random arm | -1.14")


def test_nothing_is_finished() -> None:
    """Then there is nothing to tell."""
    assert len(list(tables.against({(1, "path"): synthetic_ledger()}))) == 2
