import dataclasses
from collections.abc import Sequence

import pytest
import torch
from tests.controllers import samples
from tests.controllers.samples import SMALL_POLICY, START, request

from nasflow.controllers import Draw, Lesson, Results, make_controller
from nasflow.controllers.tree.encoder import Encoding
from nasflow.controllers.tree.heads import entropy, log_probabilities
from nasflow.controllers.tree.learner import Likelihood, likelihood, reinforce
from nasflow.controllers.tree.parameters import initial_parameters
from nasflow.controllers.tree.questions import ask, by_head
from nasflow.controllers.tree.sampler import POLICY_TRIES
from nasflow.controllers.tree.state import PolicyState
from nasflow.controllers.tree.table import Table
from nasflow.search.controller import PaperController, PathController
from nasflow.search.spaces import PathSpace, Walk

SPACE = PathSpace()


def proposals(count: int, seed: int = 0) -> list[Draw]:
    """Draws of the initial policy."""
    return make_controller(SMALL_POLICY, 1).propose(None, request(space=SPACE, seed=seed, count=count))


def results(draws: Sequence[Draw], *rewards: float | None) -> Results:
    """What became of them; worth nothing where no rewards are given."""
    return samples.results(draws, rewards or (None,) * len(draws), space=SPACE)


def one_by_one(episode: Draw) -> tuple[float, float]:
    """Log-probability and entropy of an episode, each question encoded by itself as when it was sampled."""
    parameters = initial_parameters(SMALL_POLICY, SPACE, 1)
    walk, log_probability, total = Walk(SPACE, START), 0.0, 0.0
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
    copy = Walk(SPACE, START)
    for choice in walk.decisions:
        copy.answer(choice)
    return copy


def by_episode(seen: Likelihood, values: torch.Tensor) -> list[float]:
    """The sum over each episode's decisions."""
    count = int(seen.owners.max()) + 1
    found: list[float] = torch.zeros(count, dtype=values.dtype).index_add(0, seen.owners, values).tolist()
    return found


def test_replay_equals_sampling() -> None:
    """The update's log-probabilities and entropies are those at which the decisions were drawn."""
    episodes = proposals(4)
    seen = likelihood(initial_parameters(SMALL_POLICY, SPACE, 1), results(episodes))
    expected = [one_by_one(episode) for episode in episodes]
    likely, entropies = (by_episode(seen, each) for each in (seen.log_probabilities, seen.entropies))
    assert likely == pytest.approx([each for each, _ in expected], abs=1e-9)
    assert entropies == pytest.approx([each for _, each in expected], abs=1e-9)
    assert len(seen.owners) == sum(len(episode.decisions) for episode in episodes)


def test_gradient_by_differences() -> None:
    """The gradient of an episode's log-probability is what small changes of parameters say."""
    episodes = proposals(1)
    parameters = initial_parameters(SMALL_POLICY, SPACE, 1)
    for value in parameters.values():
        value.requires_grad_()
    likelihood(parameters, results(episodes)).log_probabilities.sum().backward()  # type: ignore[no-untyped-call]
    step = 1e-6
    for name in ("operations", "edge.up.state", "sum.up.forget.weight", "sum.down.input", "merge.last.bias"):
        gradient = parameters[name].grad
        assert gradient is not None
        place = int(gradient.abs().argmax())
        found = []
        for change in (step, -step):
            moved = {key: value.detach().clone() for key, value in parameters.items()}
            moved[name].view(-1)[place] += change
            found.append(likelihood(moved, results(episodes)).log_probabilities.sum().item())
        assert (found[0] - found[1]) / (2 * step) == pytest.approx(
            gradient.view(-1)[place].item(), rel=1e-4, abs=1e-8
        )


def test_loss() -> None:
    """What several steps follow begins as REINFORCE with the summed entropy, averaged over the episodes."""
    episodes = proposals(3)
    state = PolicyState.initial(SMALL_POLICY, SPACE, 1)
    after, figures = reinforce(state, SMALL_POLICY, results(episodes, 0.1, 0.4, None))
    totals = [total for _, total in map(one_by_one, episodes)]
    # Two rewards lie one deviation off their mean; the failed child counts as the worse of them.
    expected = -sum(
        advantage * len(episode.decisions) + SMALL_POLICY.entropy_weight * total
        for advantage, episode, total in zip((-1.0, 1.0, -1.0), episodes, totals, strict=True)
    )
    assert figures["loss"] == pytest.approx(expected / 3)
    assert figures["baseline"] == pytest.approx(0.25)
    assert figures["entropy"] == pytest.approx(sum(totals) / sum(len(each.decisions) for each in episodes))
    assert after.steps == 1


def test_several_steps_stay_near() -> None:
    """However many steps a round takes, what it earned moves no decision far."""
    spec = SMALL_POLICY.model_copy(update={"updates": 50, "entropy_weight": 0.0})
    free = spec.model_copy(update={"ratio_clip": 0.99})
    taught = results(proposals(3), 0.1, 0.4, 0.9)
    state = PolicyState.initial(spec, SPACE, 1)
    before = likelihood(state.parameters, taught).log_probabilities

    def farthest(spec: PathController) -> float:
        after = likelihood(reinforce(state, spec, taught)[0].parameters, taught).log_probabilities
        return float((after - before).abs().max())

    assert farthest(spec) < farthest(free) / 1.5


def test_the_best_are_remembered() -> None:
    """The memory holds the best children of all rounds, and they are lessons of the rounds that follow."""
    spec = SMALL_POLICY.model_copy(update={"memory": 2})
    first, second = results(proposals(3), 0.5, None, 0.7), results(proposals(2, seed=1), 0.6, 0.1)
    state, _ = reinforce(PolicyState.initial(spec, SPACE, 1), spec, first)
    assert [each.reward for each in state.memory] == [0.7, 0.5]
    after, _ = reinforce(state, spec, second)
    assert [each.reward for each in after.memory] == [0.7, 0.6]
    assert after.memory[0] == first.lessons[2]
    forgetful, _ = reinforce(dataclasses.replace(state, memory=()), spec, second)
    remembered = Results(SPACE, START, 0, (first.lessons[2],))
    likely, forgotten = (
        likelihood(each.parameters, remembered).log_probabilities.sum() for each in (after, forgetful)
    )
    assert likely > forgotten


def test_children_from_outside_are_imitated() -> None:
    """A child that the policy did not find becomes likelier even if it is no better than the others."""
    lesson = Lesson(proposals(1)[0].decisions, POLICY_TRIES + 1, 0.5)
    state, outside = PolicyState.initial(SMALL_POLICY, SPACE, 1), Results(SPACE, START, 0, (lesson,))
    after, _ = reinforce(state, SMALL_POLICY, outside)
    before, now = (
        likelihood(each.parameters, outside).log_probabilities.sum().item() for each in (state, after)
    )
    assert now > before


def test_units_of_reward_do_not_matter() -> None:
    """Rewards near 0.7 and rewards near 60 teach the same."""
    controller = make_controller(SMALL_POLICY, 1)
    rewards, episodes = (0.5, 0.25, 0.75, 0.5), proposals(4)
    states = [
        controller.learn(None, results(episodes, *(scale * each for each in rewards)))[0]
        for scale in (1.0, 64.0)
    ]
    wanted = request(space=SPACE, seed=3, count=5)
    first, second = (controller.propose(state, wanted) for state in states)
    assert first == second


def test_global_generator_is_untouched() -> None:
    """Neither proposing nor learning draws from torch's global generator or changes its threads."""
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    make_controller(SMALL_POLICY, 1).learn(None, results(proposals(2), 0.5, 0.6))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.get_num_threads() == threads


def test_the_published_form() -> None:
    """As released: raw distances to the newest rewards' mean, the entropy averaged, no bonus from outside."""
    spec = PaperController(embedding=4, hidden=8)
    episodes = proposals(2)
    state = PolicyState.initial(spec, SPACE, 1)
    seen = likelihood(state.parameters, results(episodes))
    _, figures = reinforce(state, spec, results(episodes, 1.0, 3.0))
    entropies = by_episode(seen, seen.entropies)
    expected = [
        -(distance * len(episode.decisions) + spec.entropy_weight * entropy / len(episode.decisions))
        for distance, episode, entropy in zip((-1.0, 1.0), episodes, entropies, strict=True)
    ]
    assert figures["loss"] == pytest.approx(sum(expected) / 2, rel=1e-5)
    assert (spec.updates, spec.memory) == (1, 0)
