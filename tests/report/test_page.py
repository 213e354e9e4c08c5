import re
import time
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from nasflow.report.page import render
from nasflow.report.table import Status, rows
from nasflow.search.config import SearchConfig
from nasflow.search.ledger import Ledger

MakeLedger = Callable[..., Ledger]
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


def running(ledger: Ledger) -> Ledger:
    """The same search while its last round has only its first three records."""
    last = ledger.rounds[-1]
    records = (*last.records[:3], *[None] * (len(last.records) - 3))
    unfinished = last.model_copy(update={"records": records, "update": None})
    return ledger.model_copy(update={"rounds": (*ledger.rounds[:-1], unfinished)})


def test_every_state_of_a_search_is_a_page(make_ledger: MakeLedger, config: SearchConfig) -> None:
    """Whatever the search's state, a page nests, repeats no id, links inside itself, and loads nothing."""
    ledgers = {
        "finished": make_ledger(finished=True),
        "running": running(make_ledger()),
        "all failed": make_ledger(failed=1.0),
        "only the start": make_ledger(rounds=0),
        "nothing": Ledger(config=config),
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


def test_hostile_text_stays_text(make_ledger: MakeLedger) -> None:
    """Markup in a failure message is shown, never obeyed."""
    hostile = "</small><script>alert(1)</script><img src=x onerror=alert(2)>"
    ledger = make_ledger(rounds=1, failed=1.0)
    records = tuple(
        each and each.model_copy(update={"failure": hostile}) for each in ledger.rounds[0].records
    )
    changed = ledger.model_copy(
        update={"rounds": (ledger.rounds[0].model_copy(update={"records": records}),)}
    )
    outline = Outline(render(changed))
    assert outline.tags.count("script") == 1
    assert "img" not in outline.tags
    assert "&lt;script&gt;alert(1)" in render(changed)


def test_five_hundred_children_stay_light(make_ledger: MakeLedger) -> None:
    """A search of the paper's size is a page below 3 MB, rendered in 5 seconds, a row each child."""
    ledger = make_ledger(rounds=50, finished=True)
    begin = time.perf_counter()
    page = render(ledger)
    assert time.perf_counter() - begin < 5
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


def test_the_configuration_can_be_copied_back(make_ledger: MakeLedger) -> None:
    """The configuration on the page is the search's own, as a file that nasflow reads."""
    ledger = make_ledger(rounds=1)
    found = re.search(r'<pre id="config"[^>]*>(.*?)</pre>', render(ledger), re.DOTALL)
    assert found is not None
    text = found.group(1).replace("&#34;", '"').replace("&gt;", ">").replace("&#39;", "'")
    assert SearchConfig.from_json(text, "page") == ledger.config


@pytest.mark.parametrize("finished", [False, True])
def test_the_same_ledger_is_the_same_page(make_ledger: MakeLedger, finished: bool) -> None:
    """A page holds no clock and no chance: it can be compared and cached."""
    ledger = make_ledger(rounds=2, finished=finished)
    assert render(ledger) == render(ledger)
