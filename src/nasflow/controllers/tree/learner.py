"""REINFORCE over one round: replay the decisions, compare rewards with the baseline, step by Adam."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

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


FARTHEST = 2.0
"""Logarithm of the largest ratio of probabilities that is told from a larger one: exp has no end."""


@dataclass(frozen=True)
class Likelihood:
    """How likely the policy finds each decision of some episodes, with gradients."""

    log_probabilities: Tensor
    """[decisions]."""
    entropies: Tensor
    """[decisions], of what each was drawn from, in nats."""
    owners: Tensor
    """[decisions], int64, the number of the episode that each belongs to."""


def likelihood(parameters: Parameters, results: Results) -> Likelihood:
    """Replay the lessons' decisions; raise InvalidSpec if some are not an episode of the space."""
    table = Table()
    lessons = results.lessons
    asked = [each for number in range(len(lessons)) for each in _replay(number, results, table)]
    encoding = Encoding(parameters)
    encoding.extend(table)
    chosen = torch.tensor([choice for lesson in lessons for choice in lesson.decisions])
    likely = torch.zeros(len(asked), dtype=encoding.up[0].dtype)
    entropies = torch.zeros_like(likely)
    for part in by_head(asked):
        logs = log_probabilities(parameters, part.head, encoding.known(part.places), part.legal)
        taken = logs.gather(1, chosen[part.numbers].unsqueeze(1)).squeeze(1)
        likely = likely.index_add(0, part.numbers, taken)
        entropies = entropies.index_add(0, part.numbers, entropy(logs))
    return Likelihood(likely, entropies, torch.tensor([each.walk for each in asked], dtype=torch.int64))


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
    """The state after learning from a round, and figures of the first step.

    Several steps on the same lessons are held near the policy that drew them, decision by decision (PPO,
    Schulman et al., 2017); the best children so far are lessons again (self-imitation, Oh et al., 2018).
    """
    lessons = results.lessons
    rewards = [lesson.reward for lesson in lessons if lesson.reward is not None]
    baseline = state.baseline.moved(rewards, spec.baseline_decay) if rewards else state.baseline
    taught = replace(results, lessons=(*lessons, *state.memory))
    advantages = _advantages(spec, baseline, taught.lessons)
    after, figures, drawn = state, None, None
    for _ in range(spec.updates):
        parameters = {name: value.clone().requires_grad_() for name, value in after.parameters.items()}
        seen = likelihood(parameters, taught)
        drawn = seen.log_probabilities.detach() if drawn is None else drawn
        loss = _loss(spec, seen, drawn, advantages, _lengths(taught.lessons))
        if len(seen.owners):
            loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(parameters.values(), spec.clip)
        figures = figures or _figures(loss, seen, norm)
        after = _step(parameters, after, spec.learning_rate)
    told = {"baseline": baseline.mean, "deviation": baseline.deviation}
    memory = _best(taught.lessons, spec.memory)
    return replace(after, baseline=baseline, memory=memory), (figures or {}) | told


def _loss(
    spec: Policy, seen: Likelihood, drawn: Tensor, advantages: Sequence[float], lengths: Tensor
) -> Tensor:
    """Per episode: what its decisions are to gain in likelihood, and the entropy that is to stay."""
    gain = torch.tensor(advantages, dtype=drawn.dtype)[seen.owners]
    ratio = (seen.log_probabilities - drawn).clamp(-FARTHEST, FARTHEST).exp()
    near = ratio.clamp(1 - spec.ratio_clip, 1 + spec.ratio_clip)
    is_paper = isinstance(spec, PaperController)
    entropies = seen.entropies / lengths[seen.owners] if is_paper else seen.entropies
    return -(torch.minimum(ratio * gain, near * gain) + spec.entropy_weight * entropies).sum() / len(lengths)


def _figures(loss: Tensor, seen: Likelihood, norm: Tensor) -> dict[str, float]:
    entropy_a_decision = seen.entropies.sum().item() / max(1, len(seen.owners))
    return {"loss": loss.item(), "entropy": entropy_a_decision, "gradient_norm": norm.item()}


def _best(lessons: Sequence[Lesson], count: int) -> tuple[Lesson, ...]:
    """Those with the highest rewards, the best first; among equals the newer ones, which come first."""
    done = [lesson for lesson in lessons if lesson.reward is not None]
    return tuple(sorted(done, key=lambda lesson: -(lesson.reward or 0.0))[:count])


def _lengths(lessons: Sequence[Lesson]) -> Tensor:
    """[lessons], the number of each one's decisions, 1 at least."""
    return torch.tensor([max(1, len(lesson.decisions)) for lesson in lessons])


def _advantages(spec: Policy, baseline: Baseline, lessons: Sequence[Lesson]) -> list[float]:
    found = baseline.advantages([lesson.reward for lesson in lessons])
    if isinstance(spec, PaperController):
        return [each * baseline.deviation for each in found]
    from_outside = [lesson.tries > POLICY_TRIES for lesson in lessons]
    return [each + OUTSIDE_BONUS * outside for each, outside in zip(found, from_outside, strict=True)]


def _step(parameters: Parameters, state: PolicyState, learning_rate: float) -> PolicyState:
    """Adam on parameters with gradients, from and to moments that the state carries."""
    optimizer = torch.optim.Adam(parameters.values(), lr=learning_rate, fused=True)
    for name, parameter in parameters.items():
        optimizer.state[parameter] = {
            "step": torch.tensor(float(state.steps)),
            "exp_avg": state.first[name].clone(),
            "exp_avg_sq": state.second[name].clone(),
        }
    optimizer.step()
    return replace(
        state,
        parameters={name: value.detach() for name, value in parameters.items()},
        first={name: optimizer.state[value]["exp_avg"] for name, value in parameters.items()},
        second={name: optimizer.state[value]["exp_avg_sq"] for name, value in parameters.items()},
        steps=state.steps + 1,
    )
