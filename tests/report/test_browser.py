"""The page in a real browser: what a parser cannot see."""

import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.browser import chromium, needs_chromium

from nasflow.report.page import render
from nasflow.search.ledger import Ledger

pytestmark = needs_chromium

CONTRAST = 4.5
"""WCAG 2.2, level AA, for text of ordinary size."""

CONTRASTS = """
() => {
  const linear = (value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) =>
    0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = parts(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = {};
  for (const element of document.querySelectorAll("body *:not(svg *):not(script)")) {
    const own = [...element.childNodes].some((each) => each.nodeType === 3 && each.data.trim());
    if (!own || !element.getClientRects().length || element.closest("button:disabled")) continue;
    const [a, b] = [light(parts(getComputedStyle(element).color)), light(behind(element))];
    const kind = element.tagName + "." + element.className;
    found[kind] = Math.min(found[kind] ?? 21, (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
  }
  return found;
}
"""
"""Of each kind of element with text of its own: its colour against what it stands on, where it is worst."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all tests."""
    with chromium() as running:
        yield running


@pytest.fixture
def open_page(
    browser: Browser, make_ledger: Callable[..., Ledger], tmp_path: Path
) -> Iterator[Callable[..., Page]]:
    """The report of a finished search of 150 children, opened from disk; its console has to stay empty."""
    said: list[str] = []

    def opened(width: int = 1200, **media: Any) -> Page:
        file = tmp_path / "report.html"
        file.write_text(render(make_ledger(rounds=15, parents="found", finished=True)), encoding="utf-8")
        context = stack.enter_context(browser.new_context(viewport={"width": width, "height": 900}, **media))
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(file.as_uri())
        return page

    with ExitStack() as stack:
        yield opened
    assert said == []


def rows(page: Page) -> Locator:
    """The children, those that are not shown too."""
    return page.locator("#table tbody tr:not(.head)")


def worths(page: Page) -> list[float | None]:
    """What the children are judged by, from top to bottom."""
    found = rows(page).evaluate_all("(all) => all.map((each) => each.dataset.worth ?? null)")
    return [None if each is None else float(each) for each in found]


def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways, but what scrolls by itself."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def hidden_sideways(page: Page, selector: str) -> list[str]:
    """What reaches beyond its own frame, or beyond the one in which it scrolls."""
    return list(
        page.locator(selector).evaluate_all(
            """(all) => all.filter((each) => {
              const frame = each.closest(".scroll");
              const edge = frame.getBoundingClientRect().right + 1;
              return each.scrollWidth > each.clientWidth + 1 && each.clientWidth
                || frame.scrollWidth > frame.clientWidth || each.getBoundingClientRect().right > edge;
            }).map((each) => each.className + ": " + each.textContent.trim().slice(0, 40))"""
        )
    )


def test_sort(open_page: Callable[..., Page]) -> None:
    """Down, up, and as it was; who has no figure stands at the end."""
    page = open_page()
    head, before = page.locator('th[data-key="worth"]'), worths(page)
    known = [each for each in before if each is not None]
    unknown = [None] * (150 - len(known))
    head.get_by_role("button").click()
    assert worths(page) == [*sorted(known, reverse=True), *unknown]
    expect(head).to_have_attribute("aria-sort", "descending")
    head.get_by_role("button").click()
    assert worths(page) == [*sorted(known), *unknown]
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.get_by_role("button").click()
    assert worths(page) == before


@pytest.mark.long
def test_filter(open_page: Callable[..., Page]) -> None:
    """By arm; a click on a dot of another one shows everything again, and opens its row."""
    page = open_page()
    page.get_by_role("combobox", name="Arm").select_option("random")
    expect(page.locator('[name="shown"]')).to_have_text("30 of 150 children")
    expect(rows(page).filter(visible=True)).to_have_count(30)
    page.locator(".dot.controller").first.click(force=True)
    expect(rows(page).filter(visible=True)).to_have_count(150)
    expect(page.locator("tr.found details[open]")).to_have_count(1)


@pytest.mark.long
def test_the_best_is_marked(open_page: Callable[..., Page]) -> None:
    """Once; and everything that is promised at the top is there."""
    page = open_page()
    expect(page.locator("#table tr.best")).to_have_count(1)
    for each in ("h1", ".verdict", ".lead", ".words", "#winner-title", "#table", ".chart"):
        expect(page.locator(each).first).to_be_visible()


@pytest.mark.long
def test_a_relative(open_page: Callable[..., Page]) -> None:
    """Beside a mark of the family stands what it is, until Escape; a click leads to its row."""
    page = open_page()
    node, card = page.locator("#family a[data-row]").last, page.locator("#card")
    expect(card).to_be_hidden()
    node.hover(force=True)
    expect(card).to_contain_text(re.compile(r"\d+ replicate.*receipt.*epochs", re.DOTALL))
    expect(card.locator(".spark")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    node.click(force=True)
    expect(page.locator("tr.found")).to_have_id(f"c{node.get_attribute('data-row')}")


@pytest.mark.long
def test_zoom(open_page: Callable[..., Page]) -> None:
    """The family gets larger, and smaller again."""
    page = open_page()
    picture = page.locator("#family svg")
    before = picture.bounding_box()
    page.get_by_role("button", name="Larger").click()
    after = picture.bounding_box()
    assert before
    assert after
    assert after["width"] / before["width"] == pytest.approx(1.3, abs=0.01)


@pytest.mark.long
def test_it_fits(open_page: Callable[..., Page]) -> None:
    """A screen; and a phone, where the first twenty are enough until all are asked for."""
    screen = open_page()
    assert fits(screen)
    assert hidden_sideways(screen, ".children, .against") == []
    phone = open_page(width=390)
    assert fits(phone)
    assert hidden_sideways(phone, ".children, .against") == []
    assert hidden_sideways(phone, ".against th, .against td") == []
    expect(phone.locator('.against [data-name="found minus this one"]').last).to_be_visible()
    expect(rows(phone).filter(visible=True)).to_have_count(20)
    phone.get_by_role("button", name=re.compile("Show all")).click()
    expect(rows(phone).filter(visible=True)).to_have_count(150)
    assert fits(phone)


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read(open_page: Callable[..., Page], scheme: str) -> None:
    """By day and by night every text stands out from its ground."""
    page = open_page(color_scheme=scheme)
    page.locator("details").evaluate_all("(all) => all.slice(0, 40).forEach((each) => { each.open = true; })")
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 20
    assert {kind: ratio for kind, ratio in contrasts.items() if ratio < CONTRAST} == {}
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (int(ground.partition("(")[2].partition(",")[0]) < 128) == (scheme == "dark")


@pytest.mark.long
def test_without_a_mouse(open_page: Callable[..., Page]) -> None:
    """The first key leads past the head; a mark that has the focus is told of, and Enter goes to its row."""
    page = open_page()
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the children")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#children")
    node = page.locator("#family a[data-row]").last
    node.focus()
    expect(page.locator("#card")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("tr.found details[open]")).to_have_count(1)
    page.locator('th[data-key="parameters"] button').focus()
    page.keyboard.press("Space")
    expect(page.locator('th[data-key="parameters"]')).to_have_attribute("aria-sort", re.compile("ending"))


@pytest.mark.long
def test_for_a_screen_reader(open_page: Callable[..., Page]) -> None:
    """Every picture and every control has a name, headings go down one step at a time."""
    page = open_page()
    told = page.locator("body").aria_snapshot()
    for role in ("img", "button", "link", "searchbox", "combobox", "region"):
        found = page.get_by_role(role)
        assert found.count() > 0, role
        assert not re.search(rf"^ *- {role}:?$", told, re.MULTILINE), role
    expect(page.locator('svg[role="group"]:not([aria-label])')).to_have_count(0)
    headings = page.locator("h1, h2, h3, h4")
    levels = headings.evaluate_all("(all) => all.map((each) => Number(each.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.mark.long
def test_on_paper(open_page: Callable[..., Page]) -> None:
    """Without what can only be clicked, and not wider than a sheet."""
    page = open_page(width=720)
    page.emulate_media(media="print")
    for each in ("#controls", ".zoom", ".copyable button"):
        expect(page.locator(each).first).to_be_hidden()
    assert fits(page)
    assert page.pdf(format="A4").startswith(b"%PDF")
