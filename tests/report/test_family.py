import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from nasflow.report.family import MOST_CHILDREN, draw_family, is_tree, members
from nasflow.report.table import rows
from nasflow.report.yardstick import Yardstick
from nasflow.search.ledger import Ledger

MakeLedger = Callable[..., Ledger]


def drawn(ledger: Ledger) -> str:
    """The picture of a search's family."""
    best = ledger.chosen.child if ledger.chosen else None
    return str(draw_family(Yardstick.of(ledger.config), members(ledger, rows(ledger)), best))


@pytest.mark.parametrize(("rounds", "per_round"), [(1, 1), (5, 6), (8, 10), (50, 10)])
def test_every_child_is_there(make_ledger: MakeLedger, rounds: int, per_round: int) -> None:
    """Whatever their number, each child links to its row, has a line to its parent, and lies inside."""
    ledger = make_ledger(rounds=rounds, per_round=per_round, parents="found", failed=0.2, seed=3)
    text = drawn(ledger)
    labels = [row.label for each in rows(ledger) for row in each]
    assert sorted(re.findall(r'<a href="#c([\d.]+)"', text)) == sorted(labels)
    assert len(re.findall(r'<path class="edge', text)) == len(labels)
    width, height = map(float, re.findall(r' (?:width|height)="([\d.]+)"', text)[:2])
    spots = [(float(x), float(y)) for x, y in re.findall(r' d="M([\d.]+) ([\d.]+)[ahl]', text)]
    assert len(spots) == len(labels) + 1
    assert all(0 < x < width and 0 < y < height for x, y in spots)
    assert len(set(spots)) == len(spots)


def test_a_large_family_is_no_larger(make_ledger: MakeLedger) -> None:
    """From a tree's largest number on the picture keeps its size."""
    small, large = (make_ledger(rounds=rounds, parents="found", seed=3) for rounds in (5, 50))
    assert not is_tree(members(small, rows(small)))
    sizes = {re.findall(r'viewBox="([^"]+)"', drawn(ledger))[0] for ledger in (small, large)}
    assert len(sizes) == 1
    assert len(drawn(large).encode()) < 250_000


def test_the_line_of_the_winner_is_marked(make_ledger: MakeLedger) -> None:
    """From the start network to the best child, an edge a generation, and no other."""
    ledger = make_ledger(rounds=5, per_round=6, parents="found", seed=3)
    family = {each.name: each for each in members(ledger, rows(ledger))}
    assert len(family) - 1 <= MOST_CHILDREN
    assert ledger.chosen
    best = family[ledger.chosen.child]
    text = drawn(ledger)
    assert text.count('class="edge line"') == best.generation > 1
    assert len(re.findall(r'class="dot \w+ best', text)) == 1
    assert f"{best.row} {best.figure}" in text


def test_a_node_says_what_it_is(make_ledger: MakeLedger) -> None:
    """Who points at it is told its row, its figure, how many edits made it, and the limit it breaks."""
    ledger = make_ledger(rounds=1, per_round=2, failed=0.0, parents="found", limits={"parameters": "1k"})
    (row, _), family = rows(ledger)[0], members(ledger, rows(ledger))
    assert row.record
    assert row.receipt
    shown = f"<title>1.1 controller: {family[1].figure}, {len(row.receipt.edits)} edits, parameters "
    assert shown in drawn(ledger)
    assert "over the limit of 1.00" in drawn(ledger)


def test_a_family_of_equals_is_drawn(make_ledger: MakeLedger) -> None:
    """Children without any difference, and a search without a start network yet, have a picture too."""
    ledger = make_ledger(rounds=8, parents="found").model_copy(update={"start": None})
    family = members(ledger, rows(ledger))
    assert family[0].figure == "waiting"
    alike = [family[0], *(replace(each, value=0.9) for each in family[1:])]
    assert "nan" not in str(draw_family(Yardstick.of(ledger.config), alike, None)).lower()
