"""How far a child may be from its parent, where the parent is not exact itself."""

from pathlib import Path
from typing import Any

import pytest
import torch
from tests.steps.samples import config, failed, ledger_of, open_archive

from nasflow.search.record import BirthRecord, FailedRecord
from nasflow.search.rounds import Proposal
from nasflow.steps import warm_start as births
from nasflow.steps.begin import begin
from nasflow.steps.child import run_child, warm_start
from nasflow.steps.keys import proposal_key
from nasflow.steps.propose import propose
from nasflow.steps.show import birth_text
from nasflow.surgery import gated_logits

STRANGER = "tests.networks.strangers:"


def child_of(
    network: str, folder: Path, off: float, monkeypatch: pytest.MonkeyPatch
) -> BirthRecord | FailedRecord:
    """The birth of a child whose logits are off by so much more, relative, than they are."""
    archive = open_archive(folder)
    start = {"network": f"{STRANGER}{network}", "weights": "untrained", "recipe": {"epochs": 1}}
    changes: dict[str, Any] = {"start": start, "host": None, "finish": {"recipe": {"epochs": 1}}}
    begin(archive, config(**changes))
    run_child(archive, ledger_of(folder).start_spec.id)
    propose(archive, "tiny", 1)
    monkeypatch.setattr(births, "gated_logits", lambda *given: gated_logits(*given) * (1 + off))
    return warm_start(archive, archive.read(proposal_key("tiny", 1), Proposal).children[0])


def test_an_exact_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A difference that its rounding does not explain is refused, and both are told."""
    born = child_of("PostActivation", tmp_path, 1e-4, monkeypatch)
    said = failed(born).failure
    assert "differ from its parent's by 0.0001 relative, more than 1" in said
    assert "(rounding alone makes " in said


def test_a_parent_that_is_not_exact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rounding is measured where that matters, and a difference of that size is none."""
    born = child_of("Cancelling", tmp_path, 1e-4, monkeypatch)
    assert isinstance(born, BirthRecord), born
    assert born.receipt
    assert born.receipt.rounding
    assert born.receipt.tolerance == pytest.approx(4 * born.receipt.rounding)
    assert born.receipt.tolerance
    assert 1e-6 < born.receipt.difference <= born.receipt.tolerance
    assert f"(its parent's own rounding: {born.receipt.rounding:.2g})" in birth_text(born)


def test_it_is_not_measured_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that is as near as ever is not held against float64."""
    monkeypatch.setattr(births, "_exactly", None)
    born = child_of("PostActivation", tmp_path, 0, monkeypatch)
    assert isinstance(born, BirthRecord), born
    assert born.receipt
    assert (born.receipt.rounding, born.receipt.tolerance) == (None, 1e-6)


def test_a_parent_that_cannot_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that makes float32 tensors by itself is held to what is always allowed."""
    born = child_of("OfSinglePrecision", tmp_path, 1e-4, monkeypatch)
    assert "more than 1e-06 (rounding alone makes 0 of the parent's)" in failed(born).failure
    assert torch.get_default_dtype() == torch.float32
