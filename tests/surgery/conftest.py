"""Trained networks, once a session."""

from collections.abc import Callable, Iterator
from functools import cache

import pytest
import torch
from tests.surgery.patients import Digits, Patient, new_patient


@pytest.fixture(autouse=True, scope="package")
def _one_thread() -> Iterator[None]:
    """On small networks more threads only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def patients() -> Callable[[str], Patient]:
    """A trained network by its host's name in HOSTS."""
    digits = Digits()
    return cache(lambda name: new_patient(name, digits))


@pytest.fixture(scope="session")
def patient(patients: Callable[[str], Patient]) -> Patient:
    """The one with two groups."""
    return patients("two groups")
