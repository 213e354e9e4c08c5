"""REINFORCE over one round: replay the decisions, compare rewards with the baseline, one Adam step."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nasflow.base.errors import InvalidSpec
from nasflow.controllers.protocol import Lesson, Results
from nasflow.controllers.tree.baseline import Baseline
from nasflow.controllers.tree.encoder import Encoding
from nasflow.controllers.tree.heads import entropy, log_probabilities
from nasflow.controllers.tree.parameters import Parameters
from nasflow.controllers.tree.questions import Asked, ask, by_head
from nasflow.controllers.tree.sampler import POLICY_TRIES
from nasflow.controllers.tree.state import PolicyState
from nasflow.controllers.tree.table import Table
from nasflow.search.controller import PaperController, Policy
from nasflow.search.spaces import Walk

OUTSIDE_BONUS = 1.0
"""Added to the advantage of a child that the policy itself did not find, in standard deviations. A
policy that has collapsed for good has no entropy left to gain a gradient from; imitating uniformly
drawn children, the better ones more, leads it back to where it finds new cells by itself."""


@dataclass(frozen=True)
class Likelihood:
    """How likely the policy finds each of some episodes, with gradients."""

    log_probabilities: Tensor
    """[episodes], the sum over each one's decisions."""
    entropies: Tensor
    """[episodes], the sum over each one's decisions, in nats."""
    decisions: int
    """Of all episodes together."""


def likelihood(parameters: Parameters, results: Results) -> Likelihood:
    """Replay the lessons' decisions; raise InvalidSpec if some are not an episode of the space."""
    table = Table()
    lessons = results.lessons
    asked = [each for number in range(len(lessons)) for each in _replay(number, results, table)]
    encoding = Encoding(parameters)
    encoding.extend(table)
    chosen = torch.tensor([choice for lesson in lessons for choice in lesson.decisions])
    owners = torch.tensor([each.walk for each in asked])
    likely = torch.zeros(len(lessons), dtype=encoding.up[0].dtype)
    entropies = torch.zeros_like(likely)
    for part in by_head(asked):
        logs = log_probabilities(parameters, part.head, encoding.known(part.places), part.legal)
        taken = logs.gather(1, chosen[part.numbers].unsqueeze(1)).squeeze(1)
        likely = likely.index_add(0, owners[part.numbers], taken)
        entropies = entropies.index_add(0, owners[part.numbers], entropy(logs))
    return Likelihood(likely, entropies, len(asked))


def _replay(number: int, results: Results, table: Table) -> list[Asked]:
    walk = Walk(results.space, results.start)
    asked = []
    for choice in results.lessons[number].decisions:
        if walk.question:
            asked.append(ask(number, walk, table))
        walk.answer(choice)
    if walk.question:
        raise InvalidSpec(f"the decisions of lesson {number + 1} end before their episode does")
    return asked


def reinforce(state: PolicyState, spec: Policy, results: Results) -> tuple[PolicyState, dict[str, float]]:
    """The state after one step on a round's lessons, and figures of the step."""
    lessons = results.lessons
    rewards = [lesson.reward for lesson in lessons if lesson.reward is not None]
    baseline = state.baseline.moved(rewards, spec.baseline_decay) if rewards else state.baseline
    parameters = {name: value.clone().requires_grad_() for name, value in state.parameters.items()}
    seen = likelihood(parameters, results)
    advantages = torch.tensor(_advantages(spec, baseline, lessons), dtype=seen.entropies.dtype)
    entropies = seen.entropies / _lengths(lessons) if isinstance(spec, PaperController) else seen.entropies
    loss = -(advantages * seen.log_probabilities + spec.entropy_weight * entropies).mean()
    if seen.decisions:
        loss.backward()  # type: ignore[no-untyped-call]
    norm = torch.nn.utils.clip_grad_norm_(parameters.values(), spec.clip)
    figures = {
        "loss": loss.item(),
        "entropy": seen.entropies.sum().item() / max(1, seen.decisions),
        "baseline": baseline.mean,
        "deviation": baseline.deviation,
        "gradient_norm": norm.item(),
    }
    return _step(parameters, state, baseline, spec.learning_rate), figures


def _lengths(lessons: Sequence[Lesson]) -> Tensor:
    """[lessons], the number of each one's decisions, 1 at least."""
    return torch.tensor([max(1, len(lesson.decisions)) for lesson in lessons])


def _advantages(spec: Policy, baseline: Baseline, lessons: Sequence[Lesson]) -> list[float]:
    found = baseline.advantages([lesson.reward for lesson in lessons])
    if isinstance(spec, PaperController):
        return [each * baseline.deviation for each in found]
    from_outside = [lesson.tries > POLICY_TRIES for lesson in lessons]
    return [each + OUTSIDE_BONUS * outside for each, outside in zip(found, from_outside, strict=True)]


def _step(
    parameters: Parameters, state: PolicyState, baseline: Baseline, learning_rate: float
) -> PolicyState:
    """Adam on parameters with gradients, from and to moments that the state carries."""
    optimizer = torch.optim.Adam(parameters.values(), lr=learning_rate, fused=True)
    for name, parameter in parameters.items():
        optimizer.state[parameter] = {
            "step": torch.tensor(float(state.steps)),
            "exp_avg": state.first[name].clone(),
            "exp_avg_sq": state.second[name].clone(),
        }
    optimizer.step()
    return PolicyState(
        parameters={name: value.detach() for name, value in parameters.items()},
        first={name: optimizer.state[value]["exp_avg"] for name, value in parameters.items()},
        second={name: optimizer.state[value]["exp_avg_sq"] for name, value in parameters.items()},
        steps=state.steps + 1,
        baseline=baseline,
    )
