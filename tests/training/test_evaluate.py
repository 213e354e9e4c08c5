import pytest
import torch
from torch import nn
from torch.nn import functional as F

from nasflow.training.datasets.data import TrainingData
from nasflow.training.evaluate import evaluate_network, logits, normalise


def test_the_figures_are_the_mean_over_all_images(network: nn.Sequential, data: TrainingData) -> None:
    """Loss and accuracy are those of all images at once, whatever the batch size."""
    outputs = logits(network, data.train, data.facts, device="cpu")
    loss = F.cross_entropy(outputs, data.train.labels).item()
    accuracy = (outputs.argmax(1) == data.train.labels).double().mean().item()
    result = evaluate_network(network, data.train, data.facts, device="cpu", batch_size=7)
    assert result.loss == pytest.approx(loss)
    assert result.accuracy == pytest.approx(accuracy)
    assert result.images == 98


def test_the_network_stays_as_it_was(network: nn.Sequential, data: TrainingData) -> None:
    """Neither a mode, of the whole or of a part, nor a statistic is changed by looking."""
    network.train()
    network[1].eval()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    evaluate_network(network, data.held_out, data.facts, device="cpu")
    assert network.training
    assert not network[1].training
    assert network[5].training
    assert all(torch.equal(before[name], tensor) for name, tensor in network.state_dict().items())


def test_the_mode_comes_back_after_an_error(data: TrainingData) -> None:
    """A network that fails in evaluation is in its own mode afterwards."""
    network = nn.Sequential(nn.BatchNorm2d(5))
    with pytest.raises(RuntimeError):
        evaluate_network(network, data.held_out, data.facts, device="cpu")
    assert network[0].training


def test_logits_of_some_images(network: nn.Sequential, data: TrainingData) -> None:
    """Chosen images give the rows of all images' logits, in float32 even inside autocast."""
    everything = logits(network, data.train, data.facts, device="cpu")
    chosen = torch.tensor([5, 90, 5])
    with torch.autocast("cpu", torch.bfloat16):
        some = logits(network, data.train, data.facts, chosen, device="cpu")
    assert some.dtype == torch.float32
    assert not some.requires_grad
    torch.testing.assert_close(some, everything[chosen], rtol=1e-5, atol=1e-6)


def test_normalised_training_images_are_standard(data: TrainingData) -> None:
    """A pixel comes out as (pixel / 255 - mean) / std of its channel."""
    batch = torch.tensor([0, 51, 255], dtype=torch.uint8).reshape(1, 1, 1, 3)
    expected = torch.tensor([(0 - 0.3) / 0.25, (0.2 - 0.3) / 0.25, (1 - 0.3) / 0.25])
    torch.testing.assert_close(normalise(batch, data.facts, "cpu").flatten(), expected)
