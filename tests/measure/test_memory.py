"""What a training takes at least: counted, and held against what a real step keeps."""

import pytest
import torch
from torch import nn

from nasflow.measure.memory import TrainingMemory, training_memory, weight_bytes
from nasflow.networks import build
from nasflow.spec.hosts import Adopted, DenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.recipe import Recipe

PLAIN = Recipe(momentum=0)


def network(host: DenseNet | Adopted, size: int = 12) -> NetworkSpec:
    """In a host, with its start cell."""
    return NetworkSpec(host=host, channels=3, size=size, classes=5)


HOSTS = (DenseNet(growth=8, blocks=2, stages=2), Adopted(network="tests.networks.strangers:PostActivation"))


def really_kept(spec: NetworkSpec, images: int) -> int:
    """Bytes of all that a forward pass on the CPU keeps, but for the network's own weights."""
    made = build(spec).train()
    own = {each.data_ptr() for each in made.state_dict().values()}
    kept: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = made(torch.zeros(images, spec.channels, spec.size, spec.size)).sum()
    assert loss.requires_grad
    return sum(each.untyped_storage().nbytes() for at, each in kept.items() if at not in own)


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.kind)
def test_what_a_forward_pass_keeps(host: DenseNet | Adopted) -> None:
    """Image by image what a real one keeps, without the few figures that a BatchNorm keeps of a batch."""
    spec = network(host)
    real = really_kept(spec, 8) - really_kept(spec, 4)
    assert 4 * training_memory(spec).image == pytest.approx(real, rel=0.01)


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.kind)
def test_what_weights_take(host: DenseNet | Adopted) -> None:
    """Four bytes a parameter and a statistic; gradients and momentum as much as what is trained."""
    spec = network(host)
    made, memory = build(spec), training_memory(spec)
    parameters = 4 * sum(each.numel() for each in made.parameters())
    assert memory.weights == sum(each.nbytes for each in made.state_dict().values()) == weight_bytes(spec)
    assert memory.trained == parameters
    assert memory.without_images(PLAIN) == memory.weights + parameters
    assert memory.without_images(Recipe()) == memory.weights + 2 * parameters


def test_what_is_frozen_has_no_gradient() -> None:
    """It is neither trained nor does it keep anything."""
    spec = network(HOSTS[0])

    def frozen(known: NetworkSpec) -> nn.Module:
        return build(known).requires_grad_(False)

    assert training_memory(spec, frozen) == TrainingMemory(weight_bytes(spec), 0, 0)


def test_a_batch() -> None:
    """Each image takes as much; in bfloat16 half of it at least."""
    memory = TrainingMemory(weights=100, trained=90, image=7)
    assert memory.with_images(PLAIN, 10) == 100 + 90 + 70
    assert memory.with_images(PLAIN.model_copy(update={"precision": "bfloat16"}), 10) == 100 + 90 + 35


def test_no_network_is_too_large_to_be_looked_at() -> None:
    """Nothing is made: of a hundred billion parameters the bytes are told as well."""
    memory = training_memory(network(DenseNet(growth=100_000, blocks=1, stages=2)))
    assert memory.weights > 4e11
