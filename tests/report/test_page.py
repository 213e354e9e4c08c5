import re
import time
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from nasflow.report.page import render
from nasflow.report.table import Status, rows
from nasflow.search.config import SearchConfig
from nasflow.search.controller import RandomController
from nasflow.search.ledger import Ledger
from nasflow.search.record import FailedRecord, TrainedRecord
from nasflow.search.resolved import ResolvedConfig
from nasflow.search.start import BroughtStart
from nasflow.spec.hosts import Adopted
from nasflow.steps.archive import Archive
from nasflow.steps.ledger import read_ledger
from nasflow.store import open_store

from .synthetic import empty_ledger, running, synthetic_config

MakeLedger = Callable[..., Ledger]
OLD_STORE = Path(__file__).parents[1] / "golden" / "store"
VOID = {"meta", "input", "link", "br", "img", "path", "rect", "circle", "polyline"}


class Outline(HTMLParser):
    """Checks that tags nest, and collects their names, ids, links and text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag and, unless it is void, wait for its end."""
        self.tags.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "action", "data"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag that ends itself."""
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """The tag that was opened last must end first."""
        if tag not in VOID:
            assert self.open.pop() == tag


def test_every_state_of_a_search_is_a_page(make_ledger: MakeLedger, config: ResolvedConfig) -> None:
    """Whatever the search's state, a page nests, repeats no id, links inside itself, and loads nothing."""
    ledgers = {
        "finished": make_ledger(finished=True),
        "running": running(make_ledger()),
        "all failed": make_ledger(failed=1.0),
        "only the start": make_ledger(rounds=0),
        "nothing": empty_ledger(config),
        "a family": make_ledger(rounds=5, per_round=6, parents="found", finished=True),
        "from scratch": make_ledger(rounds=1, parents="none"),
        "a loss within limits": make_ledger(
            objective="held_out_loss", limits={"parameters": "60k", "latency": "4ms"}, finished=True
        ),
    }
    for ledger in ledgers.values():
        page = render(ledger)
        outline = Outline(page)
        assert len(outline.ids) == len(set(outline.ids))
        assert all(link.startswith("#") and link[1:] in outline.ids for link in outline.links)
        assert not {"link", "img", "iframe", "object"} & set(outline.tags)
        assert set(re.findall(r"https?://[^\"' ]*", page)) <= {"http://www.w3.org/2000/svg"}
        assert not re.search(r"url\(|@import", page)
        assert "None" not in re.sub(r"<script>.*?</script>|<style>.*?</style>", "", page, flags=re.DOTALL)


@pytest.mark.parametrize("search", ["old", "open", "moved"])
def test_an_older_search_has_its_page(search: str) -> None:
    """What the version before wrote, without parents, is a page: every child is the start network's."""
    ledger = read_ledger(Archive(open_store(str(OLD_STORE))), search)
    Outline(render(ledger))
    for row in (row for each in rows(ledger) for row in each):
        assert row.parent
        assert (row.parent.label, row.parent.is_row) == ("start", False)
        assert (row.line.generation, row.line.ancestors_epochs) == (1, 1)


def test_a_search_without_cells_is_a_page(widths: Ledger) -> None:
    """Nothing on the page speaks of a cell where there is none; its parts, parents and receipts are shown."""
    page = render(widths)
    Outline(page)
    seen = re.sub(r"<(style|script)>.*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL)
    assert not re.search(r"\bcells?\b|3x3G|None", seen)
    assert "layers.0.weight: width 16" in seen
    assert "the chain as it is" in seen
    assert "only measured, as not every edit preserves the function" in seen
    assert '<a href="#c1.1">1.1</a><small>generation 2</small>' in page


def test_a_receipt_of_a_parent_that_is_not_exact(make_ledger: MakeLedger) -> None:
    """Both are told: what was allowed, and what the parent's own rounding is."""
    ledger = make_ledger(rounds=1)
    exact = {"tolerance": 1e-6, "rounding": None}
    for changes, is_told in ((exact, False), ({"tolerance": 8e-5, "rounding": 2e-5}, True)):
        records = tuple(
            each
            and each.model_copy(update={"receipt": each.receipt and each.receipt.model_copy(update=changes)})
            for each in ledger.rounds[0].records
        )
        whole = ledger.rounds[0].model_copy(update={"records": records})
        page = render(ledger.model_copy(update={"rounds": (whole,)}))
        assert ("tolerance 8.0e-05; rounding alone makes 2.0e-05 of the parent" in page) is is_told


def test_hostile_text_stays_text(make_ledger: MakeLedger) -> None:
    """Markup in a failure message is shown, never obeyed."""
    hostile = "</small><script>alert(1)</script><img src=x onerror=alert(2)>"
    ledger = make_ledger(rounds=1, failed=1.0)
    records = tuple(
        isinstance(each, FailedRecord) and each.model_copy(update={"failure": hostile})
        for each in ledger.rounds[0].records
    )
    changed = ledger.model_copy(
        update={"rounds": (ledger.rounds[0].model_copy(update={"records": records}),)}
    )
    outline = Outline(render(changed))
    assert outline.tags.count("script") == 1
    assert "img" not in outline.tags
    assert "&lt;script&gt;alert(1)" in render(changed)


def test_five_hundred_children_stay_light(make_ledger: MakeLedger) -> None:
    """A search of the paper's size is a page below 3 MB, rendered in 5 seconds of work, a row each child."""
    ledger = make_ledger(rounds=50, parents="found", finished=True)
    begin = time.process_time()
    page = render(ledger)
    assert time.process_time() - begin < 5
    assert len(page.encode()) < 3e6
    assert len(re.findall(r'<tr id="c\d+\.\d+"', page)) == 500


def test_rows_say_where_a_child_stands(make_ledger: MakeLedger) -> None:
    """Without a record a child runs if it has an attempt, waits if not, and is abandoned after the stop."""
    ledger = running(make_ledger(rounds=1))
    begun = {attempt.child for attempt in ledger.attempts}
    for row in rows(ledger)[0][3:]:
        assert row.status is (Status.RUNNING if row.child in begun else Status.WAITING)
    waiting = ledger.model_copy(update={"attempts": ()})
    assert rows(waiting)[0][-1].status is Status.WAITING
    stopped = ledger.model_copy(update={"stop": make_ledger(finished=True).stop})
    assert rows(stopped)[0][-1].status is Status.ABANDONED


def copied(page: str) -> str:
    """The configuration as its reader copies it."""
    found = re.search(r'<pre id="config"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert found is not None
    return unescape(found.group(1))


def test_the_configuration_can_be_copied_back(make_ledger: MakeLedger) -> None:
    """The configuration on the page is the search's own, as nasflow reads it, without what is usual."""
    ledger = make_ledger(
        rounds=1,
        parents="found",
        controller=RandomController(),
        objective={"minimise": "held_out_loss", "trade": {"mult_adds": {"target": "12M", "weight": 0.07}}},
        limits={"latency": "4ms"},
        start_parts="( 3x3G -> ( ds3 ) )",
    )
    text = copied(render(ledger))
    asked = SearchConfig.from_data(yaml.safe_load(text), "page")
    assert asked == ledger.config.asked()
    assert ResolvedConfig.of(asked) == ledger.config
    assert "controller:\n  kind: random\n" in text
    assert not {"momentum", "failure_share", "schema_version", "seed"} & set(re.findall(r"\w+", text))


def test_a_search_that_brought_its_start_is_asked_for_as_it_was() -> None:
    """The page names the network, and neither its digest nor the host that follows from it."""
    host = Adopted(network="torchvision:resnet18")
    start = BroughtStart(network="torchvision:resnet18", weights="published", digest="a" * 64)
    config = synthetic_config(host=host, start=start, finish={"host": host, "recipe": {"epochs": 3}})
    data = yaml.safe_load(copied(render(empty_ledger(config))))
    assert data["start"] == {"network": "torchvision:resnet18", "weights": "published"}
    assert "host" not in data
    SearchConfig.from_data(data, "page")


def test_a_child_over_a_limit_is_no_candidate(make_ledger: MakeLedger) -> None:
    """The best child by its figure alone is not the winner where it breaks a limit, and its row says why."""
    free = make_ledger(rounds=1)
    assert free.chosen
    limit = free.chosen.parameters - 1
    ledger = make_ledger(rounds=1, limits={"parameters": limit})
    assert ledger.chosen
    assert ledger.chosen.child != free.chosen.child
    row = next(row for row in rows(ledger)[0] if row.child == free.chosen.child)
    assert row.breach
    assert row.breach.startswith("parameters ")
    page = render(ledger)
    (line,) = re.findall(rf'<tr id="c{row.label}".*?</tr>', page, re.DOTALL)
    assert "over a limit" in line
    assert row.breach in line
    assert "front" not in re.findall(r'class="badge">(\w+)<', line)


def test_rows_name_their_parents(make_ledger: MakeLedger) -> None:
    """A row says from which row its child grew, and how many epochs it rests on."""
    ledger = make_ledger(rounds=5, per_round=6, parents="found", seed=3)
    page = render(ledger)
    for row in (row for each in rows(ledger) for row in each):
        (line,) = re.findall(rf'<tr id="c{row.label}".*?</tr>', page, re.DOTALL)
        assert row.parent
        wanted = f'<a href="#c{row.parent.label}">{row.parent.label}</a>' if row.parent.is_row else ">start<"
        assert wanted in line
        assert f">{row.line.own_epochs} + {row.line.ancestors_epochs}<" in line
        assert (row.line.ancestors_epochs > 20) == row.parent.is_row


@pytest.mark.parametrize("finished", [False, True])
def test_the_same_ledger_is_the_same_page(make_ledger: MakeLedger, finished: bool) -> None:
    """A page holds no clock and no chance: it can be compared and cached."""
    ledger = make_ledger(rounds=2, finished=finished)
    assert render(ledger) == render(ledger)


def test_a_start_of_another_training_is_in_no_chart(make_ledger: MakeLedger) -> None:
    """The sum of its losses is of other epochs, and would press all children together; its tile says its
    accuracy.
    """
    judged, other = (make_ledger(objective=each) for each in ("held_out_accuracy", "training_loss_sum"))
    assert other.start
    assert isinstance(other.start, TrainedRecord)
    assert "<title>start network: " in render(judged)
    page = render(other)
    assert "<title>start network: " not in page
    assert 'class="start-key"' not in page
    assert f"{100 * other.start.accuracy:.2f}\N{NO-BREAK SPACE}%" in page
    assert "held-out accuracy; every child inherits its weights" in page
