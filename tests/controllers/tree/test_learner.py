import pytest
import torch
from tests.controllers.samples import SMALL_POLICY

from nasflow.controllers import Batch, Request, make_controller
from nasflow.controllers.tree.encoder import Encoding
from nasflow.controllers.tree.heads import entropy, log_probabilities
from nasflow.controllers.tree.learner import learn, likelihood
from nasflow.controllers.tree.parameters import initial_parameters
from nasflow.controllers.tree.questions import ask, by_head
from nasflow.controllers.tree.sampler import POLICY_TRIES
from nasflow.controllers.tree.state import PolicyState
from nasflow.controllers.tree.table import Table
from nasflow.search.config import Space
from nasflow.search.controller import PaperController
from nasflow.search.rounds import Arm, Episode
from nasflow.search.spaces import Walk
from nasflow.spec.tree import START_CELL

SPACE = Space()


def proposals(count: int, seed: int = 0) -> list[Episode]:
    """Episodes of the initial policy."""
    return make_controller(SMALL_POLICY, 1).propose(
        None, Request(START_CELL, SPACE, seed, count, frozenset())
    )


def one_by_one(episode: Episode) -> tuple[float, float]:
    """Log-probability and entropy of an episode, each question encoded by itself as when it was sampled."""
    parameters = initial_parameters(SMALL_POLICY, SPACE, 1)
    walk, log_probability, total = Walk(START_CELL, SPACE), 0.0, 0.0
    for choice in episode.decisions:
        table, encoding = Table(), Encoding(parameters)
        (part,) = by_head([ask(0, fresh(walk), table)])
        encoding.extend(table)
        logs = log_probabilities(parameters, part.head, encoding.known(part.places), part.legal)
        log_probability += logs[0, choice].item()
        total += entropy(logs).item()
        walk.answer(choice)
    return log_probability, total


def fresh(walk: Walk) -> Walk:
    """A fresh walk at the same question, without notes from another table."""
    copy = Walk(START_CELL, SPACE)
    for choice in walk.decisions:
        copy.answer(choice)
    return copy


def test_replay_equals_sampling() -> None:
    """The update's log-probabilities and entropies are those at which the decisions were drawn."""
    episodes = proposals(4)
    seen = likelihood(initial_parameters(SMALL_POLICY, SPACE, 1), START_CELL, SPACE, episodes)
    expected = [one_by_one(episode) for episode in episodes]
    assert seen.log_probabilities.tolist() == pytest.approx([each for each, _ in expected], abs=1e-9)
    assert seen.entropies.tolist() == pytest.approx([each for _, each in expected], abs=1e-9)
    assert seen.decisions == sum(len(episode.decisions) for episode in episodes)


def test_gradient_by_differences() -> None:
    """The gradient of an episode's log-probability is what small changes of parameters say."""
    episodes = proposals(1)
    parameters = initial_parameters(SMALL_POLICY, SPACE, 1)
    for value in parameters.values():
        value.requires_grad_()
    likelihood(parameters, START_CELL, SPACE, episodes).log_probabilities.sum().backward()  # type: ignore[no-untyped-call]
    step = 1e-6
    for name in ("operations", "edge.up.state", "sum.up.forget.weight", "sum.down.input", "merge.last.bias"):
        gradient = parameters[name].grad
        assert gradient is not None
        place = int(gradient.abs().argmax())
        found = []
        for change in (step, -step):
            moved = {key: value.detach().clone() for key, value in parameters.items()}
            moved[name].view(-1)[place] += change
            found.append(likelihood(moved, START_CELL, SPACE, episodes).log_probabilities.item())
        assert (found[0] - found[1]) / (2 * step) == pytest.approx(
            gradient.view(-1)[place].item(), rel=1e-4, abs=1e-8
        )


def test_loss() -> None:
    """The loss is REINFORCE with the summed entropy, averaged over the episodes."""
    episodes = proposals(3)
    rewards = (0.1, 0.4, None)
    state = PolicyState.initial(SMALL_POLICY, SPACE, 1)
    batch = Batch(START_CELL, SPACE, 0, tuple(episodes), rewards)
    after, figures = learn(state, SMALL_POLICY, batch, episodes, rewards)
    parts = [one_by_one(episode) for episode in episodes]
    # Two rewards lie one deviation off their mean; the failed child counts as the worse of them.
    expected = -sum(
        advantage * log_probability + SMALL_POLICY.entropy_weight * total
        for advantage, (log_probability, total) in zip((-1.0, 1.0, -1.0), parts, strict=True)
    )
    assert figures["loss"] == pytest.approx(expected / 3)
    assert figures["baseline"] == pytest.approx(0.25)
    decisions = sum(len(episode.decisions) for episode in episodes)
    assert figures["entropy"] == pytest.approx(sum(total for _, total in parts) / decisions)
    assert after.steps == 1


def test_children_from_outside_are_imitated() -> None:
    """A child that the policy did not find becomes likelier even if it is no better than the others."""
    episode = proposals(1)[0].model_copy(update={"tries": POLICY_TRIES + 1})
    state = PolicyState.initial(SMALL_POLICY, SPACE, 1)
    batch = Batch(START_CELL, SPACE, 0, (episode,), (0.5,))
    after, _ = learn(state, SMALL_POLICY, batch, [episode], (0.5,))
    before, now = (
        likelihood(each.parameters, START_CELL, SPACE, [episode]).log_probabilities.item()
        for each in (state, after)
    )
    assert now > before


def test_random_arm_is_left_out() -> None:
    """Children of the random arm teach nothing: they were not drawn from the policy."""
    controller = make_controller(SMALL_POLICY, 1)
    episodes = proposals(2)
    foreign = episodes[1].model_copy(update={"arm": Arm.RANDOM})
    both = controller.update(None, Batch(START_CELL, SPACE, 0, (episodes[0], foreign), (0.5, 9.0)))
    one = controller.update(None, Batch(START_CELL, SPACE, 0, (episodes[0],), (0.5,)))
    assert both == one
    assert controller.update(None, Batch(START_CELL, SPACE, 0, (foreign,), (0.5,))) == (None, {})


def test_units_of_reward_do_not_matter() -> None:
    """Rewards near 0.7 and rewards near 60 teach the same."""
    controller = make_controller(SMALL_POLICY, 1)
    episodes = tuple(proposals(4))
    states = [
        controller.update(
            None, Batch(START_CELL, SPACE, 0, episodes, tuple(scale * each for each in rewards))
        )
        for scale, rewards in ((1.0, (0.5, 0.25, 0.75, 0.5)), (64.0, (0.5, 0.25, 0.75, 0.5)))
    ]
    first, second = (
        controller.propose(state, Request(START_CELL, SPACE, 3, 5, frozenset())) for state, _ in states
    )
    assert first == second


def test_global_generator_is_untouched() -> None:
    """Neither proposing nor learning draws from torch's global generator or changes its threads."""
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    episodes = proposals(2)
    make_controller(SMALL_POLICY, 1).update(None, Batch(START_CELL, SPACE, 0, tuple(episodes), (0.5, 0.6)))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.get_num_threads() == threads


def test_the_published_form() -> None:
    """As released: raw distances to the newest rewards' mean, the entropy averaged, no bonus from outside."""
    spec = PaperController(embedding=4, hidden=8)
    episodes = proposals(2)
    state = PolicyState.initial(spec, SPACE, 1)
    seen = likelihood(state.parameters, START_CELL, SPACE, episodes)
    _, figures = learn(
        state, spec, Batch(START_CELL, SPACE, 0, tuple(episodes), (1.0, 3.0)), episodes, (1.0, 3.0)
    )
    entropies = [
        total.item() / len(episode.decisions) for total, episode in zip(seen.entropies, episodes, strict=True)
    ]
    expected = [
        -(distance * likely.item() + spec.entropy_weight * entropy)
        for distance, likely, entropy in zip((-1.0, 1.0), seen.log_probabilities, entropies, strict=True)
    ]
    assert figures["loss"] == pytest.approx(sum(expected) / 2, rel=1e-5)
