from tests.report.synthetic import synthetic_ledger

from benchmarks import tables

LEDGERS = {
    (seed, arm): synthetic_ledger(finished=True, seed=seed + 10 * number)
    for seed in (1, 2)
    for number, arm in enumerate(("path", "evolution", "random"))
}


def test_arms_are_paired_by_seed() -> None:
    """A row a search, then what each arm that learns has before the random one."""
    rows = list(tables.arms(LEDGERS))
    assert sum(row.startswith(("| 1 |", "| 2 |")) for row in rows) == 6
    heads = next(row for row in rows if row.startswith("| (95 %"))
    assert heads == "| (95 % over seeds) | path | evolution |"
    best = {key: ledger.chosen.accuracy for key, ledger in LEDGERS.items() if ledger.chosen}
    gaps = [best[seed, "path"] - best[seed, "random"] for seed in (1, 2)]
    row = next(row for row in rows if row.startswith("| best, minus random"))
    assert row.startswith(f"| best, minus random | {50 * sum(gaps):+.2f} (")
    assert rows[-1].startswith("| found minus random's, test, points | +0.00")


def test_arms_are_compared_by_the_objective() -> None:
    """In its unit, where it is no share."""
    losses = {
        (seed, arm): synthetic_ledger(finished=True, seed=seed, objective="training_loss_sum")
        for seed in (1, 2)
        for arm in ("path", "random")
    }
    rows = list(tables.arms(losses))
    assert "all children: sum of training losses" in rows[0]
    assert "| best, minus random | +0.0000 nats |" in rows


def test_found_against_its_controls() -> None:
    """A row a control, a column an arm, with the mean over the seeds and its interval."""
    first, _, *rows = tables.against(LEDGERS)
    assert first == "| found minus, test, points (95 % over seeds) | path | evolution | random |"
    assert len(rows) == 5
    assert rows[0].startswith("| start network | +0.75 |")


def test_rounds_are_means_over_seeds() -> None:
    """A point a round, for each arm."""
    band = tables.rounds(LEDGERS)["path"]
    assert len(band.x) == len(band.mean) == 3
    assert all(low <= mean <= high for low, mean, high in zip(band.low, band.mean, band.high, strict=True))


def test_nothing_is_finished() -> None:
    """Then there is nothing to tell."""
    assert len(list(tables.against({(1, "path"): synthetic_ledger()}))) == 2
