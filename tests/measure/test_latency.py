from collections.abc import Iterator

import pytest
import torch
from tests.measure.conftest import NewSubject
from torch import Tensor, nn

from nasflow.measure import latency, take
from nasflow.measure.latency import LEAST_PASSES, MOST_PASSES, WARMING_PASSES

NAMES = ("latency", "latency_64")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No longer than it must be."""
    monkeypatch.setattr(latency, "LEAST_SECONDS", 0.0)


@pytest.mark.parametrize(("name", "batch_size"), [("latency", 1), ("latency_64", 64)])
@pytest.mark.parametrize("channels_last", [False, True])
def test_what_is_timed(new_subject: NewSubject, name: str, batch_size: int, channels_last: bool) -> None:
    """So many images in the recipe's layout, with its threads, in evaluation and inference mode; seconds."""
    subject = new_subject(channels_last=channels_last, cpu_threads=2)
    subject.network.train()
    seen: list[Tensor] = []

    def look(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert not module.training
        assert torch.is_inference_mode_enabled()
        assert torch.get_num_threads() == 2
        seen.append(inputs[0])

    subject.network.register_forward_pre_hook(look)
    measured = take([name], subject)[name]
    assert measured.value > 0
    assert (measured.unit, measured.device) == ("seconds", "cpu")
    assert len(seen) == WARMING_PASSES + LEAST_PASSES
    assert {each.shape for each in seen} == {(batch_size, 1, 8, 8)}
    weight = subject.network.get_parameter("stages.0.cell.root.branches.0.operation.weight.weight")
    assert weight.is_contiguous(memory_format=torch.channels_last) is channels_last


def test_nothing_stays_behind(new_subject: NewSubject) -> None:
    """Afterwards the network has its mode, its numbers, and can be trained on."""
    subject = new_subject()
    threads = torch.get_num_threads()
    before = {name: tensor.clone() for name, tensor in subject.network.state_dict().items()}
    subject.network.train()
    take(NAMES, subject)
    assert subject.network.training
    assert torch.get_num_threads() == threads
    assert all(torch.equal(tensor, before[name]) for name, tensor in subject.network.state_dict().items())
    torch.autograd.backward(subject.network(torch.randn(2, 1, 8, 8)).sum())


def test_how_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passes are repeated until they have taken long enough together, within bounds."""
    for seconds, passes in ((1.0, LEAST_PASSES), (0.02, 15), (1e-6, MOST_PASSES)):
        monkeypatch.setattr(latency, "LEAST_SECONDS", 0.299)
        monkeypatch.setattr(latency, "perf_counter", _clock(seconds).__next__)
        taken = list(latency._timed(lambda: None))
        assert taken == pytest.approx([seconds] * passes)


def _clock(seconds: float) -> Iterator[float]:
    """A clock by which each second look at it comes `seconds` after the first."""
    now = 0.0
    while True:
        yield now
        now += seconds
        yield now
