import pytest
import yaml
from tests.docs.pages import PAGES, blocks

from nasflow.search.cluster import Cluster
from nasflow.search.file import SearchFile

FOUND = [
    pytest.param(yaml.safe_load(block), id=f"{page.name}-{number}")
    for page in PAGES
    for number, block in enumerate(blocks(page, "yaml"))
]


@pytest.mark.parametrize("data", FOUND)
def test_what_a_page_shows_can_be_said(data: dict[str, object]) -> None:
    """A whole configuration is one; of a part, each key is one that a configuration has."""
    assert data.keys() <= SearchFile.model_fields.keys()
    if {"name", "finish"} <= data.keys():
        SearchFile.from_data(data, "the page")
    if "cluster" in data:
        Cluster.model_validate(data["cluster"])
