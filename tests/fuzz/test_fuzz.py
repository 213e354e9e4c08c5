"""Hostile inputs in numbers: the clear line, or what is right, and nothing else.

A short round each day, the long one by `make fuzz`: 10,000 inputs in all, or FUZZ_INPUTS of the environment.
"""

import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.cli.calling import call
from tests.fuzz import inputs
from tests.fuzz.guard import guarded, refusal

from nasflow.base.credentials import bare_address, masked
from nasflow.cli.options import read_file
from nasflow.controllers.policy.state import unpack_state
from nasflow.search.controller import PathController
from nasflow.search.schemas import DOCUMENTS
from nasflow.search.spaces import PathSpace
from nasflow.spec.cells import find_cell
from nasflow.spec.text import parse_tree
from nasflow.store import open_store
from nasflow.training.state import TrainingState
from nasflow.training.tensors import from_bytes

Check = Callable[[Any, Path], object]


def read_configuration(data: bytes, folder: Path) -> None:
    """As `nasflow search` does first."""
    file = folder / "search.yaml"
    file.write_bytes(data)
    read_file(file)


def read_cell(text: str, folder: Path) -> None:
    """What is read prints, and is read again."""
    tree = find_cell(text)
    assert parse_tree(str(tree)) == tree


def read_document(text: str, folder: Path) -> None:
    """As every kind of document: each refuses it, or gives back what it can write."""
    data = text.encode(errors="surrogatepass")
    for kind in DOCUMENTS.values():
        if not refusal(partial(kind.from_json, data, "here")):
            read = kind.from_json(data, "here")
            assert kind.from_json(read.to_bytes(), "here").to_bytes() == read.to_bytes()


def read_weights(data: bytes, folder: Path) -> None:
    """As weights, as the state of a training, and as a policy's."""
    refusal(lambda: from_bytes(data, "here"))
    refusal(lambda: TrainingState.from_bytes(data, "here"))
    refusal(lambda: unpack_state(data, PathController(), PathSpace()))


def read_address(text: str, folder: Path) -> None:
    """As a store's, and as one that is shown."""
    masked(text)
    bare_address(text)
    open_store(text)


def call_with(text: str, folder: Path) -> None:
    """Through the door, as a name, a cell and a store."""
    for arguments in (
        ("show", text),
        ("cell", "--", text),
        ("list", "--store", text),
        ("transfer", "start", "--host", text),
    ):
        end = call(
            *arguments, *(["--dataset=digits", "--recipe={epochs: 1}"] if arguments[0] == "transfer" else [])
        )
        assert end.err.count("\n") <= 1
        assert end.code in {0, 2, 4}, end


def look_at(text: str, folder: Path) -> None:
    """A store with a broken document is looked at, and told of in one line."""
    store = folder / "store"
    if not store.exists():
        shutil.copytree(inputs.GOLDEN, store)
    files = sorted(store.glob("searches/**/*.json"))
    file = files[len(text) % len(files)]
    whole = file.read_bytes()
    file.write_bytes(text.encode(errors="surrogatepass"))
    for command in (("list",), ("show", file.relative_to(store).parts[1])):
        end = call(*command, "--store", store)
        assert end.err.count("\n") <= 1
        assert end.code in {0, 2, 4}, end
    file.write_bytes(whole)


TARGETS: dict[str, tuple[st.SearchStrategy[Any], Check, int]] = {
    "configurations": (inputs.configurations(), read_configuration, 2400),
    "cells": (inputs.cells(), read_cell, 3300),
    "documents": (inputs.documents(), read_document, 1200),
    "weights": (inputs.weights(), read_weights, 1900),
    "addresses": (inputs.addresses(), read_address, 800),
    "the door": (inputs.addresses() | inputs.cells(), call_with, 250),
    "stores": (inputs.documents(), look_at, 150),
}
"""Inputs, who reads them, and how many make a campaign: 10,000 in all."""

INPUTS = int(os.environ.get("FUZZ_INPUTS", sum(count for _, _, count in TARGETS.values())))
"""Of a campaign; a longer one is run by hand."""


def run(target: str, inputs: int, anew: bool, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a target's share of so many inputs to its reader; `anew`: others each time."""
    strategy, check, count = TARGETS[target]
    share = inputs / sum(each for _, _, each in TARGETS.values())
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    # No bucket is opened, let alone asked for.
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "no address")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "nobody-knows")

    @settings(
        max_examples=max(10, round(share * count)),
        deadline=None,
        database=None,
        derandomize=not anew,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def read(given: Any) -> None:
        with guarded(folder):
            refusal(lambda: check(given, folder))

    read()


@pytest.mark.parametrize("target", TARGETS)
def test_a_few(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same inputs each time: right, or one line, at once, and nothing is written elsewhere."""
    run(target, 100, False, tmp_path / "inside", monkeypatch)


@pytest.mark.long
@pytest.mark.parametrize("target", TARGETS)
def test_many(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for thousands of inputs, others each time."""
    run(target, INPUTS, True, tmp_path / "inside", monkeypatch)
