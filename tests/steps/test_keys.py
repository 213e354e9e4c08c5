import inspect
import re
from collections.abc import Callable

import pytest
from tests.sources import ROOT, SOURCES, literals

from nasflow.steps import keys

HOMES = {
    "src/nasflow/steps/keys.py": re.compile(r"/?(searches|comparisons|children|datasets)/"),
    "src/nasflow/store/blobs.py": re.compile(r"/?blobs/"),
}
"""The one file that may write keys which begin so."""

EXAMPLES = {
    "search": "tiny",
    "child": "0123",
    "files": "abcd-ef01",
    "name": "both",
    "number": 7,
    "rounds": 3,
    "epoch": 2,
}


def functions(ending: str) -> dict[str, Callable[..., str]]:
    """The module's functions with such a name."""
    found = inspect.getmembers(keys, inspect.isfunction)
    return {name: function for name, function in found if name.endswith(ending)}


def example(function: Callable[..., str]) -> str:
    """A key or a prefix."""
    return function(*(EXAMPLES[name] for name in inspect.signature(function).parameters))


def table() -> list[re.Pattern[str]]:
    """The keys that the module's own table lists."""
    rows = [
        line.split()[0]
        for line in str(keys.__doc__).splitlines()
        if re.match(r"(searches|comparisons|children|datasets)/", line)
    ]
    return [re.compile(re.sub(r"<\w+>", r"[0-9a-z]+", re.escape(row))) for row in rows]


def test_the_table_is_whole() -> None:
    """Each row of the table is the key of one function, and each function's key is in one row."""
    written = sorted(map(example, functions("_key").values()))
    found = sorted(key for row in table() for key in written if row.fullmatch(key))
    assert found == written
    assert len(table()) == len(written)


@pytest.mark.parametrize("name", functions("_prefix"))
def test_a_prefix_begins_keys(name: str) -> None:
    """What is listed is what keys begin with."""
    prefix = example(functions("_prefix")[name])
    assert any(example(function).startswith(prefix) for function in functions("_key").values())


@pytest.mark.parametrize("home", HOMES)
def test_keys_are_written_in_one_place(home: str) -> None:
    """No other file has a string that begins like a key."""
    others = [path for path in SOURCES if path != ROOT / home]
    assert [place for path in others for place, text in literals(path) if HOMES[home].match(text)] == []


def test_searches_among_keys() -> None:
    """A search is there once its configuration is."""
    written = ["a", "b"]
    every = [keys.start_key("c"), keys.spec_key("d"), *map(keys.config_key, written), "config.json"]
    assert keys.searches_among(every) == written


def test_finishes_among_keys() -> None:
    """A stop is no finish."""
    assert keys.finishes_among([keys.stop_key("a", 1), keys.finish_key("a", 1)]) == [keys.finish_key("a", 1)]
