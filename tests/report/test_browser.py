"""The page in a real browser: what a parser cannot see."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from nasflow.report.page import render
from nasflow.search.ledger import Ledger

MakeLedger = Callable[..., Ledger]
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--allow-file-access-from-files",
    "--enable-logging=stderr",
]

pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason="no /usr/bin/chromium: apt-get install chromium"
)

# The page's own policy lets no other script run in it, so the checks stand in a page around it.
AROUND = """<!doctype html><iframe src="report.html" width="1200" height="900"></iframe>
<pre id="result"></pre>
<script>
document.querySelector("iframe").addEventListener("load", (event) => {
  const page = event.target.contentDocument, result = {};
  const rows = () => [...page.querySelectorAll("#table tbody tr:not(.head)")];
  const accuracies = () => rows()
    .map((row) => row.dataset.worth === undefined ? null : Number(row.dataset.worth));
  const header = page.querySelector('th[data-key="worth"]');
  const shown = () => rows().filter((row) => row.offsetParent).length;
  result.before = accuracies();
  header.querySelector("button").click();
  result.down = accuracies(); result.downSort = header.getAttribute("aria-sort");
  header.querySelector("button").click();
  result.up = accuracies(); result.upSort = header.getAttribute("aria-sort");
  header.querySelector("button").click();
  result.again = accuracies();
  const controls = page.getElementById("controls");
  controls.elements.arm.value = "random";
  controls.elements.arm.dispatchEvent(new Event("input", {bubbles: true}));
  result.random = shown(); result.count = controls.elements.shown.value;
  const dot = page.querySelector(".dot.controller.best, .dot.controller");
  dot.dispatchEvent(new MouseEvent("click", {bubbles: true}));
  result.afterDot = shown(); result.opened = page.querySelectorAll("tr.found details[open]").length;
  const node = page.querySelector(".family a[data-row]:last-of-type");
  node.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true}));
  result.relative = page.querySelector("tr.found").id === "c" + node.dataset.row;
  const card = page.getElementById("card");
  result.cardBefore = card.hidden;
  node.dispatchEvent(new PointerEvent("pointerover", {bubbles: true}));
  result.card = card.hidden ? "" : card.textContent; result.curve = card.querySelectorAll(".spark").length;
  page.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape"}));
  result.cardAfter = card.hidden;
  const picture = page.querySelector("#family svg"), before = picture.getBoundingClientRect().width;
  page.querySelector('[data-zoom="1.3"]').click();
  result.zoomed = picture.getBoundingClientRect().width / before;
  result.best = page.querySelectorAll("#table tr.best").length;
  result.shown = ["h1", ".verdict", ".lead", ".words", "#winner-title", "#table", ".chart"]
    .filter((each) => !page.querySelector(each)?.getClientRects().length);
  result.wide = page.documentElement.scrollWidth <= page.documentElement.clientWidth;
  event.target.width = 390;
  result.narrow = page.documentElement.scrollWidth <= page.documentElement.clientWidth;
  result.phone = shown();
  controls.elements.all.click();
  result.phoneAll = shown();
  document.getElementById("result").textContent = JSON.stringify(result);
});
</script>"""


def browse(page: Path, profile: Path) -> tuple[str, list[str]]:
    """The page's DOM after loading, and what the browser's console said."""
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", "--dump-dom", page.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout, [line for line in done.stderr.splitlines() if "CONSOLE" in line]


def test_the_page_sorts_filters_and_fits(make_ledger: MakeLedger, tmp_path: Path) -> None:
    """Opened from disk, 150 children sort, filter and answer a dot and a relative; the console is empty."""
    ledger = make_ledger(rounds=15, parents="found", finished=True)
    (tmp_path / "report.html").write_text(render(ledger), encoding="utf-8")
    (tmp_path / "around.html").write_text(AROUND, encoding="utf-8")
    dom, console = browse(tmp_path / "around.html", tmp_path / "profile")
    assert console == []
    found = re.search(r'<pre id="result">(.+?)</pre>', dom)
    assert found is not None, dom[-500:]
    result = json.loads(found.group(1))

    known = [each for each in result["before"] if each is not None]
    unknown = [None] * (150 - len(known))
    assert result["down"] == [*sorted(known, reverse=True), *unknown]
    assert result["up"] == [*sorted(known), *unknown]
    assert (result["downSort"], result["upSort"]) == ("descending", "ascending")
    assert result["again"] == result["before"]
    assert (result["random"], result["count"]) == (30, "30 of 150 children")
    assert (result["afterDot"], result["opened"]) == (150, 1)
    assert result["relative"]
    assert (result["cardBefore"], result["cardAfter"], result["curve"]) == (True, True, 1)
    assert re.search(r"\d+ replicate.*receipt.*epochs", result["card"]), result["card"]
    assert result["zoomed"] == pytest.approx(1.3, abs=0.01)
    assert result["shown"] == []
    assert result["best"] == 1
    # The first twenty, and the one that was found last.
    assert result["phone"] in {20, 21}
    assert result["phoneAll"] == 150
    assert result["wide"]
    assert result["narrow"]
