"""The experiment of a search as a browser shows it."""

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from tests.browser import chromium, needs_chromium

from nasflow.tracking import publish
from nasflow.tracking.connection import connected
from nasflow.tracking.experiment import newest_tables

if TYPE_CHECKING:
    from .searches import Searches

SECONDS = 60
"""In which a page is there: MLflow's loads megabytes of scripts."""


@pytest.mark.long
@needs_chromium
def test_the_table_of_a_search(server_uri: str, name: str, searches: "Searches") -> None:
    """It opens as model training, with the networks of this search and their cells."""
    publish(server_uri, searches.finished(name), {})
    with connected(server_uri, "none") as client:
        (address,) = newest_tables(client, server_uri, 1)
    assert f"nasflow-{name}&" in address
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 2000, "height": 900})
        page.goto(address)
        expect(page.get_by_role("link", name=re.compile("^final"))).to_be_visible(timeout=1000 * SECONDS)
        expect(page.get_by_role("gridcell", name="add( 3x3G -> ( ds3 ), 3x3G )").first).to_be_visible()
        expect(page.get_by_role("link", name="Model registry")).to_be_visible()
        expect(page.get_by_text("Judges")).to_have_count(0)
