import dataclasses
from collections.abc import Sequence
from itertools import chain, islice

import numpy as np
import pytest
import torch
from tests.controllers import samples
from tests.controllers.samples import SMALL_POLICY, START, request

from nasflow.controllers import Draw, Lesson, Results, make_controller
from nasflow.controllers.policy.heads import entropy, log_probabilities
from nasflow.controllers.policy.learner import reinforce
from nasflow.controllers.policy.parameters import Parameters, initial_parameters
from nasflow.controllers.policy.reader import make_reader
from nasflow.controllers.policy.sampler import POLICY_TRIES, Sampler
from nasflow.controllers.policy.state import PolicyState
from nasflow.controllers.tree.encoder import Encoding
from nasflow.controllers.tree.reader import TreeReader, TreeScript, ask_edge
from nasflow.controllers.tree.table import Table
from nasflow.search.controller import PaperController, PathController, Policy
from nasflow.search.spaces import PathSpace, Walk

SPACE = PathSpace()


def proposals(count: int, seed: int = 0) -> list[Draw]:
    """Draws of the initial policy."""
    return make_controller(SMALL_POLICY, 1).propose(None, request(space=SPACE, seed=seed, count=count))


def results(draws: Sequence[Draw], *rewards: float | None) -> Results:
    """What became of them; worth nothing where no rewards are given."""
    return samples.results(draws, rewards or (None,) * len(draws), space=SPACE)


def read(taught: Results) -> TreeScript:
    """As the policy does."""
    return TreeReader(SMALL_POLICY, SPACE).script(taught)


def exact(spec: Policy, seed: int = 1) -> dict[str, torch.Tensor]:
    """Initial parameters in float64, so that what should be equal is."""
    return {
        name: value.double()
        for name, value in initial_parameters(make_reader(spec, SPACE).shapes(), seed).items()
    }


def one_by_one(episode: Draw, parameters: Parameters) -> tuple[list[float], list[float]]:
    """Log-probability and entropy of each decision, encoded by itself as when it was sampled."""
    walk, log_probabilities_, entropies = Walk(SPACE, START), list[float](), list[float]()
    for choice in episode.decisions:
        table, encoding = Table(), Encoding(parameters)
        asked = ask_edge(fresh(walk), table)
        encoding.extend(table.take_groups())
        known = encoding.known(torch.tensor([asked.place]))
        logs = log_probabilities(parameters, asked.head, known, torch.tensor([asked.legal]))
        log_probabilities_.append(logs[0, choice].item())
        entropies.append(entropy(logs).item())
        walk.answer(choice)
    return log_probabilities_, entropies


def fresh(walk: Walk) -> Walk:
    """A fresh walk at the same question, without notes from another table."""
    copy = Walk(SPACE, START)
    for choice in walk.decisions:
        copy.answer(choice)
    return copy


def test_replay_equals_sampling() -> None:
    """The update's log-probabilities and entropies are, decision by decision, those of one question alone."""
    episodes, parameters = proposals(6), exact(SMALL_POLICY)
    script = read(results([*episodes, episodes[0]]))
    seen = script.likelihood(parameters)
    expected = [one_by_one(episode, parameters) for episode in [*episodes, episodes[0]]]
    likely, entropies = (list(chain.from_iterable(each)) for each in zip(*expected, strict=True))
    assert seen.log_probabilities.tolist() == pytest.approx(likely, abs=1e-9)
    assert seen.entropies.tolist() == pytest.approx(entropies, abs=1e-9)
    lengths = [len(episode.decisions) for episode in [*episodes, episodes[0]]]
    assert script.owners.tolist() == [number for number, length in enumerate(lengths) for _ in range(length)]


def test_a_question_is_read_once() -> None:
    """What several lessons meet is encoded and asked once, however many they are."""
    episodes = proposals(3)
    once, twice = (read(results(episodes * times)) for times in (1, 2))
    assert once.places.tolist() == twice.places.tolist()
    assert once.groups.context_rows == twice.groups.context_rows
    assert len(twice.owners) == 2 * len(once.owners) > len(once.places)


def test_drawn_as_likely_as_replayed() -> None:
    """How often the sampler draws the answers to the first question is what the update thinks of them."""
    spec = SMALL_POLICY.model_copy(update={"learning_rate": 0.05, "updates": 10, "entropy_weight": 0.0})
    state = PolicyState.initial(spec, SPACE, 1)
    lessons = results(proposals(4), 0.1, 0.4, 0.2, 0.9)
    parameters = reinforce(state, spec, lessons)[0].parameters
    wanted = request(space=SPACE, count=100)
    sampler = Sampler(make_reader(spec, SPACE).listener(parameters), wanted, np.random.default_rng(0))
    firsts = [walk.decisions[0] for walk in islice(sampler.walks(), 150)]
    asked, encoding = ask_edge(Walk(SPACE, START), table := Table()), Encoding(parameters)
    encoding.extend(table.take_groups())
    known = encoding.known(torch.tensor([asked.place]))
    chances = log_probabilities(parameters, asked.head, known, torch.tensor([asked.legal]))[0].exp()
    for option, chance in enumerate(chances.tolist()):
        assert firsts.count(option) / len(firsts) == pytest.approx(chance, abs=0.12)
    assert float(chances.max() - chances.min()) > 0.2


def test_gradient_by_differences() -> None:
    """The gradient of each parameter is what small changes of it say."""
    script, parameters = read(results(proposals(4))), exact(PathController(embedding=2, hidden=3))
    names = list(parameters)

    def total(*values: torch.Tensor) -> torch.Tensor:
        seen = script.likelihood(dict(zip(names, values, strict=True)))
        return (seen.log_probabilities + 0.3 * seen.entropies).sum()

    leaves = [value.requires_grad_() for value in parameters.values()]
    assert {int(group.sums == len(group.rows)) for group in script.groups.subtrees} == {0, 1}
    assert torch.autograd.gradcheck(total, leaves, fast_mode=True)


def test_loss() -> None:
    """What several steps follow begins as REINFORCE with the summed entropy, averaged over the episodes."""
    episodes = proposals(3)
    state = PolicyState.initial(SMALL_POLICY, SPACE, 1)
    after, figures = reinforce(
        dataclasses.replace(state, doubt=2.0), SMALL_POLICY, results(episodes, 0.1, 0.4, None)
    )
    totals = [sum(one_by_one(episode, state.parameters)[1]) for episode in episodes]
    # Two rewards lie one deviation off their mean; the failed child counts as the worse of them.
    expected = -sum(
        advantage * len(episode.decisions) + 2 * SMALL_POLICY.entropy_weight * total
        for advantage, episode, total in zip((-1.0, 1.0, -1.0), episodes, totals, strict=True)
    )
    assert figures["loss"] == pytest.approx(expected / 3)
    assert figures["baseline"] == pytest.approx(0.25)
    assert figures["entropy"] == pytest.approx(sum(totals) / sum(len(each.decisions) for each in episodes))
    assert after.steps == SMALL_POLICY.updates == 2


def test_several_steps_stay_near() -> None:
    """However many steps a round takes, what it earned moves no decision far."""
    spec = SMALL_POLICY.model_copy(update={"updates": 50, "entropy_weight": 0.0})
    free = spec.model_copy(update={"ratio_clip": 0.99})
    taught = results(proposals(3), 0.1, 0.4, 0.9)
    state = PolicyState.initial(spec, SPACE, 1)
    before = read(taught).likelihood(state.parameters).log_probabilities

    def farthest(spec: PathController) -> float:
        after = reinforce(state, spec, taught)[0].parameters
        return float((read(taught).likelihood(after).log_probabilities - before).abs().max())

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
        read(remembered).likelihood(each.parameters).log_probabilities.sum() for each in (after, forgetful)
    )
    assert likely > forgotten


def test_children_from_outside_are_imitated() -> None:
    """A child that the policy did not find becomes likelier even if it is no better than the others."""
    lesson = Lesson(proposals(1)[0].decisions, POLICY_TRIES + 1, 0.5)
    state, outside = PolicyState.initial(SMALL_POLICY, SPACE, 1), Results(SPACE, START, 0, (lesson,))
    after, _ = reinforce(state, SMALL_POLICY, outside)
    before, now = (
        read(outside).likelihood(each.parameters).log_probabilities.sum().item() for each in (state, after)
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
    _, figures = reinforce(state, spec, results(episodes, 1.0, 3.0))
    entropies = [sum(one_by_one(episode, state.parameters)[1]) for episode in episodes]
    expected = [
        -(distance * len(episode.decisions) + spec.entropy_weight * entropy / len(episode.decisions))
        for distance, episode, entropy in zip((-1.0, 1.0), episodes, entropies, strict=True)
    ]
    assert figures["loss"] == pytest.approx(sum(expected) / 2, rel=1e-5)
    assert (spec.updates, spec.memory) == (1, 0)
