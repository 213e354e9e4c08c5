"""Calls that fail, and what is said of them."""

import os
from collections.abc import Callable

import pytest

from nasflow.base.errors import StoreError
from nasflow.store import Store


def refused(call: Callable[[], object], kind: type[StoreError] = StoreError) -> str:
    """The line with which `call` fails."""
    with pytest.raises(StoreError) as caught:
        call()
    message = str(caught.value)
    assert type(caught.value) is kind
    assert "\n" not in message
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in message
    return message


def every_call(store: Store) -> list[Callable[[], object]]:
    """One call of each kind that asks a server."""
    return [
        lambda: store.create("key", b"1"),
        lambda: store.replace("key", b"1", '"0"'),
        lambda: store.read("key"),
        lambda: store.list(""),
        lambda: store.exists("key"),
        lambda: store.delete("key"),
    ]
