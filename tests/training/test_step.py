from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from tests.training.states import every_look, every_state
from torch import Tensor, nn

from nasflow.training.determinism import seed_torch
from nasflow.training.loop import train_network
from nasflow.training.session import Training, Watch

NewTraining = Callable[[int], Training]


class RecordedGates:
    """Gates that write down how far they were told to open."""

    def __init__(self) -> None:
        self.shares: list[float] = []

    def open(self, share: float) -> None:
        """Write down `share`."""
        self.shares.append(share)


class Gated(nn.Module):
    """x + g (f(x) - x), until f stands alone."""

    def __init__(self, inside: nn.Module) -> None:
        super().__init__()
        self.inside = inside
        self.share = 0.0

    def forward(self, x: Tensor) -> Tensor:
        """[batch, channels, height, width] to the same."""
        after: Tensor = self.inside(x)
        return x + self.share * (after - x)


class RealGates:
    """One gate in a sequence, taken out when it is open."""

    def __init__(self, network: nn.Module, position: int) -> None:
        assert isinstance(network, nn.Sequential)
        self.network, self.position = network, position
        self.gate = Gated(network[position])
        network[position] = self.gate

    def open(self, share: float) -> None:
        """Open by `share`."""
        self.gate.share = share
        if share == 1:
            self.network[self.position] = self.gate.inside


class HookedGates:
    """One gate, put on from outside, shut at first."""

    def __init__(self, module: nn.Module) -> None:
        self.share = 0.0
        self.handle = module.register_forward_hook(
            lambda _, inputs, output: inputs[0] + self.share * (output - inputs[0])
        )

    def open(self, share: float) -> None:
        """Open by `share`."""
        self.share = share
        if share == 1:
            self.handle.remove()


def changed(training: Training, **changes: object) -> Training:
    """The same with other values in its recipe."""
    return replace(training, recipe=training.recipe.model_copy(update=changes))


def gated(training: Training) -> Training:
    """The same with a real gate."""
    return replace(training, gates=RealGates(training.network, 4))


@pytest.mark.parametrize("share", [0.01, 0.1, 1.0])
def test_gates_open_within_the_first_epoch(training: Training, share: float) -> None:
    """Gates start shut, never close, are told 1 once, and that before the first checkpoint."""
    gates, at_checkpoint = RecordedGates(), list[list[float]]()
    watch = Watch(keep=lambda state: at_checkpoint.append([*gates.shares]))
    train_network(replace(changed(training, gate_share=share), gates=gates, watch=watch))
    assert gates.shares[0] == 0
    assert gates.shares == sorted(set(gates.shares))
    assert gates.shares[-1] == 1
    assert at_checkpoint == [gates.shares] * 3


def test_a_network_with_gates_goes_on_without_them(new_training: NewTraining) -> None:
    """A checkpoint holds the names of the plain network, and with it a plain network ends the same."""
    states = every_state(gated(new_training(0)))
    assert states[0].network.keys() == new_training(0).network.state_dict().keys()
    for again in (new_training(1), gated(new_training(1))):
        assert train_network(again, states[0]).to_bytes() == states[-1].to_bytes()


@pytest.mark.parametrize("share", [0.2, 1.0])
def test_half_open_gates_go_on_where_they_stood(
    share: float, new_training: NewTraining, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a state in the middle of the first epoch, with gates shut, half open or gone by then."""

    def hooked(seed: int) -> Training:
        training = changed(new_training(seed), gate_share=share)
        return replace(training, gates=HookedGates(training.network.get_submodule("4")))

    whole = train_network(hooked(0))
    for state in every_look(hooked(0), monkeypatch):
        assert train_network(hooked(1), state).to_bytes() == whole.to_bytes()


def test_gates_of_a_training_that_ends_early(new_training: NewTraining) -> None:
    """Gates open over their share of the whole recipe, and are gone by the end of the first epoch."""
    whole, early = RecordedGates(), RecordedGates()
    train_network(replace(new_training(0), gates=whole))
    train_network(replace(new_training(0), gates=early), until=1)
    assert early.shares == whole.shares


def test_gates_must_keep_the_parameters(training: Training) -> None:
    """Gates that leave new parameter objects behind, which nothing would train, are a bug and named."""
    network = training.network

    class Careless:
        def open(self, share: float) -> None:
            network.register_module("4", nn.Conv2d(8, 8, 3, padding=1, bias=False))

    with pytest.raises(RuntimeError, match=r"'4\.weight'"):
        train_network(replace(training, gates=Careless()))


def test_dropout_is_drawn_again(new_training: NewTraining) -> None:
    """Dropout of an adopted network: a training that goes on ends with the bits of one that never stopped."""

    def dropping() -> Training:
        plain = new_training(0)
        return replace(plain, network=nn.Sequential(*plain.network.children(), nn.Dropout(0.3)))

    states = every_state(dropping())
    torch.manual_seed(1)
    assert train_network(dropping(), states[0]).to_bytes() == states[-1].to_bytes()


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("channels_last", [False, True])
def test_every_way_to_compute_learns(training: Training, precision: str, channels_last: bool) -> None:
    """With bfloat16, with channels last, or both, a network learns, and its weights stay float32."""
    way = {"precision": precision, "channels_last": channels_last, "augmentation": "none", "epochs": 8}
    state = train_network(changed(training, **way))
    assert (state.history[-1].held_out_accuracy or 0) > 0.8
    weight = training.network.get_parameter("4.weight")
    assert weight.is_contiguous(memory_format=torch.channels_last) == channels_last
    assert weight.dtype == torch.float32


def test_bfloat16_is_used(training: Training) -> None:
    """The convolutions of a bfloat16 recipe compute in bfloat16."""
    seen = list[torch.dtype]()
    training.network.get_submodule("4").register_forward_hook(
        lambda module, inputs, output: seen.append(output.dtype) if module.training else None
    )
    train_network(changed(training, precision="bfloat16"))
    assert set(seen) == {torch.bfloat16}


def test_weight_decay_reaches_every_parameter(training: Training) -> None:
    """A parameter whose gradient is 0 shrinks: BatchNorm and bias are decayed too."""
    network = nn.Sequential(*training.network.children(), nn.Linear(4, 4))
    with torch.no_grad():
        network.get_parameter("9.weight").zero_()
    before = network.get_parameter("1.weight").detach().clone()
    train_network(changed(replace(training, network=network), weight_decay=0.5, epochs=1))
    assert (network.get_parameter("1.weight").abs() < before.abs()).all()


def test_torch_is_seeded_as_by_torch() -> None:
    """On a CPU the short way draws what `torch.manual_seed` draws."""
    seed_torch(torch.device("cpu"), 11)
    drawn = torch.rand(4)
    torch.manual_seed(11)
    assert torch.equal(torch.rand(4), drawn)
