"""What the page tells besides its figures: the lead, the ties, the setting, the words."""

import re
from collections.abc import Callable

from nasflow.report.card import card
from nasflow.report.controls import lead_sentence
from nasflow.report.figures import NARROW
from nasflow.report.glossary import glossary
from nasflow.report.headline import headline
from nasflow.report.page import render
from nasflow.report.setting import setting_sentence
from nasflow.report.table import rows
from nasflow.report.ties import ties_sentence
from nasflow.report.verdict import verdict
from nasflow.search.controls import Control
from nasflow.search.ledger import Ledger

from .synthetic import measures

MakeLedger = Callable[..., Ledger]


def test_the_lead_is_told_in_images(make_ledger: MakeLedger) -> None:
    """By how many images the found network is ahead, in points, and within which interval."""
    told = lead_sentence(make_ledger(finished=True)).replace(NARROW, " ")
    assert "75 of 10000 test images more than the start cell: +0.75 points, 95 % +0.46 to +1.04" in told
    assert lead_sentence(make_ledger()) == ""


def test_bad_news_comes_first(make_ledger: MakeLedger) -> None:
    """A control that is shown to be better is named before all else, with its figure; who beats some controls
    and not others, to which share.
    """
    ledger = make_ledger(finished=True)
    assert ledger.finish
    told = headline(ledger).replace(NARROW, " ")
    assert told.startswith(
        "The found cell (93.66 % of 10000 test images) is shown to be worse than the best of the random arm "
        "(94.80 %). Trained from scratch at full size, the found cell classifies 93.66 % of 10000 test images"
    )
    assert told.endswith(" It is shown to be better than 2 of its 5 controls.")
    harmless = tuple(each for each in ledger.finish.tested if each.finalist.control is not Control.RANDOM)
    finish = ledger.finish.model_copy(update={"tested": harmless})
    told = headline(ledger.model_copy(update={"finish": finish}))
    assert told.startswith(verdict(ledger))
    assert told.endswith("better than 2 of its 4 controls.")
    assert headline(make_ledger()) == verdict(make_ledger())


def test_ties_are_told_where_there_are_some(make_ledger: MakeLedger) -> None:
    """With as good a child twice, it is said how one of them was chosen."""
    ledger = make_ledger(rounds=1)
    assert ties_sentence(ledger) == ""
    assert ledger.chosen
    twin = ledger.chosen.model_copy(update={"child": "f" * 16})
    records = (*ledger.rounds[0].records[:-1], twin)
    again = ledger.rounds[0].model_copy(update={"records": records})
    assert ties_sentence(ledger.model_copy(update={"rounds": (again,)})).startswith("1 other child reaches")


def test_the_setting_names_data_and_machines(make_ledger: MakeLedger) -> None:
    """Which images, how many, and on what it was trained."""
    told = setting_sentence(make_ledger())
    assert "fashion-mnist, 55000 images to train on and 5000 held out, 28 x 28, 10 classes" in told
    assert "NVIDIA L4 (" in told


def test_words_fit_what_is_found() -> None:
    """A search without cells explains none."""
    assert "cell" in glossary("cell")
    assert "cell" not in glossary("network")


def test_the_card_tells_the_whole(make_ledger: MakeLedger) -> None:
    """The verdict, and the network as text."""
    ledger = make_ledger(finished=True)
    assert ledger.chosen
    assert card(ledger).startswith(headline(ledger))
    assert verdict(ledger) in card(ledger)
    assert str(ledger.chosen.parts) in card(ledger)


def test_each_figure_says_how_it_was_trained(make_ledger: MakeLedger) -> None:
    """Figures of another size, or after other epochs, are not to be compared: each tile says its own."""
    tiles = re.findall(r"<div><dt>(.*?)</dt><dd>(.*?)</dd></div>", render(make_ledger(finished=True)))
    told = {name: text for name, text in tiles if "children" not in name and "time" not in name}
    assert (
        "at the size of the search, after 20 epochs and 20 of its ancestors" in told["best held-out accuracy"]
    )
    assert told["start network"].endswith("<small>at the size of the search, after 20 epochs</small>")
    assert told["test accuracy"].endswith("<small>at full size, after 300 epochs</small>")


def test_a_stair_is_told_of_where_it_is_seen(make_ledger: MakeLedger) -> None:
    """Not where its two steps lie beneath one dot."""
    ledger = make_ledger(rounds=1)
    assert 'class="front"' in render(ledger)
    assert "on the stair" in render(ledger)
    best = ledger.chosen
    assert best
    near = measures(best.accuracy - 1e-6, best.parameters - 1, best.mult_adds)
    far = measures(0.5, 2 * best.parameters, 2 * best.mult_adds)
    others = (
        best.model_copy(update={"child": name * 16, "measures": figures})
        for name, figures in (("a", near), ("b", far))
    )
    records = (best, *others, *[None] * (len(ledger.rounds[0].records) - 3))
    page = render(
        ledger.model_copy(update={"rounds": (ledger.rounds[0].model_copy(update={"records": records}),)})
    )
    assert 'class="front"' not in page
    assert "on the stair" not in page


def test_how_far_children_are_apart_is_told(make_ledger: MakeLedger) -> None:
    """Axes are stretched to what there is: beside the chart it says how little that may be."""
    ledger = make_ledger(rounds=2, objective="training_loss_sum")
    values = [row.value for each in rows(ledger) for row in each if row.value is not None]
    said = f"All children lie within {max(values) - min(values):.4f}\N{NO-BREAK SPACE}nats of each other."
    assert said in render(ledger)
    assert "of each other." not in render(make_ledger(rounds=0))


def test_what_the_store_held_already(make_ledger: MakeLedger) -> None:
    """It is told in words that need no other page, and only where there is something."""
    ledger = make_ledger(rounds=4)
    banked = sum(len(each.proposal.banked) for each in ledger.rounds)
    assert banked
    word = "child was" if banked == 1 else "children were"
    assert f"{banked} {word} trained by an earlier search, and taken as found" in render(ledger)
    assert "taken as found" not in render(make_ledger(rounds=0))


def test_one_is_singular(make_ledger: MakeLedger) -> None:
    """A random arm of one child."""
    page = render(make_ledger(rounds=1, per_round=5, failed=0.0, finished=True))
    assert "of 1 child: was it the controller?" in page
