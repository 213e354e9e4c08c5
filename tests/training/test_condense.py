import pytest
import torch
from tests.training.states import every_state

from nasflow.networks import build, initialise
from nasflow.networks.condensenet import CondenseNetwork, Learned, condensed
from nasflow.spec.hosts import CondenseNet
from nasflow.spec.network import NetworkSpec
from nasflow.spec.parts import Parts
from nasflow.spec.recipe import Recipe
from nasflow.training.condense import Condensation, inputs_left
from nasflow.training.datasets.data import TrainingData
from nasflow.training.loop import train_network
from nasflow.training.session import Training

HOST = CondenseNet(layers=(2, 2), growth=(8, 8), cells=(0, 1), groups=4, condense=4, first_stride=1)
CELL = Parts.model_validate("( 3x3G -> ( ds3 ) )")
SPEC = NetworkSpec(host=HOST, parts=CELL, channels=1, size=8, classes=10)
RECIPE = Recipe(epochs=4, learning_rate=0.1, condense=True, group_lasso=1e-4, curve=True)


@pytest.fixture
def learned() -> CondenseNetwork:
    """A CondenseNet in its learned form."""
    network = CondenseNetwork(SPEC, HOST, is_learned=True)
    initialise(network, 0)
    return network


def layers(network: CondenseNetwork) -> list[Learned]:
    """Its 1x1 convolutions and its classifier."""
    return [module for module in network.modules() if isinstance(module, Learned)]


def test_what_is_learned_is_what_is_condensed(learned: CondenseNetwork, data: TrainingData) -> None:
    """After its training every group reads its share, and the condensed network gives the same logits."""
    state = train_network(Training(learned, data, RECIPE.model_copy(update={"epochs": 12}), 1))
    assert (state.history[-1].held_out_accuracy or 0) > 0.5
    for layer in layers(learned):
        assert layer.mask.sum(1).tolist() == [layer.kept] * layer.groups
    network = build(SPEC)
    network.load_state_dict(condensed(dict(state.network), learned))
    images = torch.randn(8, 1, 8, 8)
    with torch.no_grad():
        wanted, found = learned(images), network.eval()(images)
    assert torch.allclose(found, wanted, rtol=0, atol=1e-6 * float(wanted.abs().max()))
    # The groups have chosen: none of them reads just the inputs in order.
    orders = [buffer for name, buffer in network.named_buffers() if name.endswith("order")]
    assert not all(torch.equal(order, torch.arange(len(order))) for order in orders)


def test_it_goes_on_from_any_epoch(learned: CondenseNetwork, data: TrainingData) -> None:
    """Killed before, at and after the last inputs were given up, it ends with the same bits."""
    *states, whole = every_state(Training(learned, data, RECIPE, 1))
    for state in states:
        again = Training(CondenseNetwork(SPEC, HOST, is_learned=True), data, RECIPE, 1)
        assert train_network(again, state).to_bytes() == whole.to_bytes()


def test_inputs_go_as_if_it_went_on(learned: CondenseNetwork, data: TrainingData) -> None:
    """Ended after a fourth or a half of the recipe's steps, it has given up what is due by then, no more."""
    for until, left in ((1, 16), (2, 8)):
        train_network(Training(learned, data, RECIPE, 1), until=until)
        assert layers(learned)[0].mask.sum(1).tolist() == [left] * 4


def test_inputs_go_in_the_first_half(learned: CondenseNetwork) -> None:
    """A condense factor of 4: a quarter goes at each third of the first half; of the classifier's, half."""
    convolution, *_, classifier = layers(learned)
    assert convolution.mask.shape == (4, 16)
    assert [inputs_left(convolution, step, 120) for step in (0, 19, 20, 39, 40, 59, 60, 119)] == [
        16, 16, 12, 12, 8, 8, 4, 4
    ]  # fmt: skip
    assert classifier.mask.shape == (1, 48)
    assert [inputs_left(classifier, step, 120) for step in (0, 59, 60, 119)] == [48, 48, 24, 24]


def test_the_smallest_go(learned: CondenseNetwork) -> None:
    """Of a group's inputs those with the largest absolute weights stay, and what is gone stays gone."""
    layer = layers(learned)[0]
    with torch.no_grad():
        layer.weight.weight[:8] = torch.arange(16.0).view(1, 16, 1, 1) - 7.5
    layer.prune(4)
    assert layer.mask[0].nonzero().flatten().tolist() == [0, 1, 14, 15]
    before = layer.mask.clone()
    condensation = Condensation(learned, RECIPE)
    condensation.advance(0, 120)
    assert torch.equal(layer.mask, before)


def test_the_lasso(learned: CondenseNetwork) -> None:
    """It is the sum of the groups' norms, with a gradient everywhere; only a condensing recipe has it."""
    layer = layers(learned)[0]
    layer.prune(8)
    penalty = Condensation(learned, RECIPE).penalty()
    norms = [each.by_group().square().sum(1).sqrt().sum() for each in layers(learned)]
    assert isinstance(penalty, torch.Tensor)
    assert penalty.item() == pytest.approx(1e-4 * sum(norm.item() for norm in norms), rel=1e-4)
    penalty.backward()  # type: ignore[no-untyped-call]
    assert layer.weight.weight.grad is not None
    assert layer.weight.weight.grad.isfinite().all()
    assert Condensation(learned, RECIPE.model_copy(update={"group_lasso": 0.0})).penalty() == 0
    assert Condensation(build(SPEC), RECIPE).penalty() == 0


def test_too_early(learned: CondenseNetwork) -> None:
    """A network that has not given up enough has no condensed form."""
    with pytest.raises(ValueError, match="a group reads 16 inputs, and 4 are to be left"):
        condensed(learned.state_dict(), learned)
