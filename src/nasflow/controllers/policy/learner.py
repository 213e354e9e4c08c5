"""REINFORCE over one round: replay the decisions, compare rewards with the baseline, step by Adam."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nasflow.controllers.policy.baseline import Baseline
from nasflow.controllers.policy.doubt import steered
from nasflow.controllers.policy.parameters import PRECISION, Parameters
from nasflow.controllers.policy.reader import Likelihood, Script, make_reader
from nasflow.controllers.policy.sampler import POLICY_TRIES
from nasflow.controllers.policy.state import PolicyState
from nasflow.controllers.protocol import Lesson, Results
from nasflow.search.controller import PaperController, Policy, SteadyPolicy

OUTSIDE_BONUS = 1.0
"""Added to the advantage of a child that the policy itself did not find, in standard deviations, where it has
one; it is never held against it. A policy that has collapsed has no entropy left to gain a gradient from, and
making what it never says less likely makes it say the same even more surely: imitating uniformly drawn
children, the better ones more, leads it back to where it finds new cells by itself."""

FARTHEST = 2.0
"""Logarithm of the largest ratio of probabilities that is told from a larger one: exp has no end."""


def reinforce(state: PolicyState, spec: Policy, results: Results) -> tuple[PolicyState, dict[str, float]]:
    """The state after learning from a round, and figures of the first step.

    Several steps on the same lessons are held near the policy that drew them, decision by decision (PPO,
    Schulman et al., 2017); the best children so far are lessons again (self-imitation, Oh et al., 2018).
    """
    lessons = results.lessons
    rewards = [lesson.reward for lesson in lessons if lesson.reward is not None]
    baseline = state.baseline.moved(rewards, spec.baseline_decay) if rewards else state.baseline
    taught = replace(results, lessons=(*lessons, *state.memory))
    course = _course(spec, replace(state, baseline=baseline), taught)
    after, figures, drawn = state, dict[str, float](), None
    for _ in range(spec.updates):
        parameters = {name: value.clone().requires_grad_() for name, value in after.parameters.items()}
        seen = course.script.likelihood(parameters)
        drawn = seen.log_probabilities.detach() if drawn is None else drawn
        loss = course.loss(seen, drawn, spec.ratio_clip)
        if len(drawn):
            loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(parameters.values(), spec.clip)
        figures = figures or _figures(loss, seen, norm)
        after = _step(parameters, after, spec.learning_rate)
    doubt = steered(state.doubt, lessons, spec.patience) if isinstance(spec, SteadyPolicy) else state.doubt
    figures |= {"baseline": baseline.mean, "deviation": baseline.deviation, "doubt": doubt}
    return replace(
        after, baseline=baseline, doubt=doubt, memory=_best((*lessons, *state.memory), spec.memory)
    ), figures


@dataclass(frozen=True)
class _Course:
    """What some lessons are worth: the same for every step on them."""

    script: Script
    gains: Tensor
    """[decisions], the advantage of the child that each belongs to."""
    weights: Tensor
    """[decisions], of the entropy."""
    lessons: int

    def loss(self, seen: Likelihood, drawn: Tensor, clip: float) -> Tensor:
        """Per episode: what its decisions are to gain in likelihood, and the entropy that is to stay."""
        ratio = (seen.log_probabilities - drawn).clamp(-FARTHEST, FARTHEST).exp()
        near = ratio.clamp(1 - clip, 1 + clip)
        gained = torch.minimum(ratio * self.gains, near * self.gains)
        return -(gained + self.weights * seen.entropies).sum() / self.lessons


def _course(spec: Policy, state: PolicyState, taught: Results) -> _Course:
    lessons, script = taught.lessons, make_reader(spec, taught.space).script(taught)
    gains = torch.tensor(_advantages(spec, state.baseline, lessons), dtype=PRECISION)
    # What is remembered is known already: a policy that repeats itself has to look elsewhere.
    gains[len(lessons) - len(state.memory) :] /= state.doubt
    weights = torch.full_like(gains, spec.entropy_weight * state.doubt)
    if isinstance(spec, PaperController):
        weights /= torch.tensor([max(1, len(lesson.decisions)) for lesson in lessons])
    return _Course(script, gains[script.owners], weights[script.owners], len(lessons))


def _figures(loss: Tensor, seen: Likelihood, norm: Tensor) -> dict[str, float]:
    entropy_a_decision = seen.entropies.sum().item() / max(1, len(seen.entropies))
    return {"loss": loss.item(), "entropy": entropy_a_decision, "gradient_norm": norm.item()}


def _best(lessons: Sequence[Lesson], count: int) -> tuple[Lesson, ...]:
    """Those with the highest rewards, the best first; among equals the newer ones, which come first."""
    done = [lesson for lesson in lessons if lesson.reward is not None]
    return tuple(sorted(done, key=lambda lesson: -(lesson.reward or 0.0))[:count])


def _advantages(spec: Policy, baseline: Baseline, lessons: Sequence[Lesson]) -> list[float]:
    found = baseline.advantages([lesson.reward for lesson in lessons])
    if isinstance(spec, PaperController):
        return [each * baseline.deviation for each in found]
    from_outside = [lesson.tries > POLICY_TRIES for lesson in lessons]
    return [
        max(each, 0.0) + OUTSIDE_BONUS if outside else each
        for each, outside in zip(found, from_outside, strict=True)
    ]


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
