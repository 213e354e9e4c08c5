"""Build a child from its parent's trained weights, and prove that it starts where the parent stood."""

import torch
from torch import nn

from nasflow.errors import ChildFailed
from nasflow.networks import build, initialise
from nasflow.spec.child import ChildSpec
from nasflow.spec.growth import plan
from nasflow.spec.record import BirthRecord, ChildRecord, Receipt
from nasflow.steps.archive import Archive, child_key
from nasflow.steps.images import device, training_data
from nasflow.store import get_blob, put_blob
from nasflow.training.data import TrainingData
from nasflow.training.evaluate import evaluate, logits, normalise
from nasflow.training.seeds import derive
from nasflow.training.weights import load_weights, weights_to_bytes
from nasflow.transform import (
    TOLERANCE,
    Gates,
    Grown,
    calibrate,
    gated_logits,
    grow_network,
    relative_difference,
)

CALIBRATION_IMAGES = 256
"""Training images that set the BatchNorms of new operations."""

RECEIPT_IMAGES = 512
"""Held-out images whose logits are compared, at most."""


def warm_start(archive: Archive, child: str) -> BirthRecord:
    """The child's initial weights with its preservation receipt, or its failure; from scratch without one."""
    known = archive.find(child_key(child, "birth"), BirthRecord)
    if known:
        return known
    spec = archive.read(child_key(child, "spec"), ChildSpec)
    try:
        birth = _from_parent(archive, spec) if spec.parent else _from_scratch(archive, spec)
    except ChildFailed as error:
        birth = BirthRecord(child=child, weights=None, failure=str(error))
    return archive.create(child_key(child, "birth"), birth)


def _from_scratch(archive: Archive, spec: ChildSpec) -> BirthRecord:
    network = build(spec.network)
    initialise(network, spec.seed)
    return BirthRecord(child=spec.id, weights=_store(archive, network))


def _from_parent(archive: Archive, spec: ChildSpec) -> BirthRecord:
    data = training_data(spec.data.spec, spec.data)
    parent_spec, parent = load_trained(archive, str(spec.parent))
    transforms = plan(parent_spec.network.cell, spec.network.cell)
    generator = torch.Generator().manual_seed(derive(spec.seed, "birth", spec.id))
    images = torch.arange(min(RECEIPT_IMAGES, len(data.held_out)))

    def compared(network: nn.Module) -> torch.Tensor:
        return logits(network, data.held_out, data.facts, images, device=device())

    before = compared(parent)
    grown, receipts = grow_network(Grown(parent), transforms, generator, compared)
    _calibrate(grown, data)
    difference = relative_difference(before, gated_logits(grown, compared))
    if difference > TOLERANCE:
        raise ChildFailed(
            f"not preserved: its logits differ from its parent's by {difference:.2g} relative, "
            f"more than {TOLERANCE:.0e}"
        )
    receipt = Receipt(
        difference=difference,
        tolerance=TOLERANCE,
        images=len(images),
        parent_accuracy=_accuracy(Grown(parent), data),
        birth_accuracy=_accuracy(grown, data),
        transforms=receipts,
    )
    return BirthRecord(
        child=spec.id, weights=_store(archive, grown.network), births=grown.births, receipt=receipt
    )


def load_trained(archive: Archive, child: str) -> tuple[ChildSpec, nn.Module]:
    """A trained child's spec and network, built from the spec alone; raise ChildFailed if it failed."""
    record = archive.read(child_key(child, "record"), ChildRecord)
    if record.weights is None:
        raise ChildFailed(f"its parent {child} has no weights: {record.failure}")
    spec = archive.read(child_key(child, "spec"), ChildSpec)
    network = build(spec.network)
    load_weights(network, get_blob(archive.store, record.weights), f"blob {record.weights}")
    return spec, network


def _calibrate(grown: Grown, data: TrainingData) -> None:
    indices = torch.arange(min(CALIBRATION_IMAGES, len(data.train)))
    calibrate(grown.network, grown.births, normalise(data.train.batch(indices), data.facts, device()))


def _accuracy(grown: Grown, data: TrainingData) -> float:
    with Gates(grown.network, grown.births):
        return evaluate(grown.network, data.held_out, data.facts, device=device()).accuracy


def _store(archive: Archive, network: nn.Module) -> str:
    return put_blob(archive.store, weights_to_bytes(network.state_dict()))
