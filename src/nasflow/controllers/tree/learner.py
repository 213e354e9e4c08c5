"""REINFORCE over one round: replay the decisions, compare rewards with the baseline, one Adam step."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nasflow.base.errors import InvalidSpec
from nasflow.controllers.protocol import Batch
from nasflow.controllers.tree.baseline import Baseline
from nasflow.controllers.tree.encoder import Encoding
from nasflow.controllers.tree.heads import entropy, log_probabilities
from nasflow.controllers.tree.parameters import Parameters
from nasflow.controllers.tree.questions import Asked, ask, by_head
from nasflow.controllers.tree.sampler import POLICY_TRIES
from nasflow.controllers.tree.state import PolicyState
from nasflow.controllers.tree.table import Table
from nasflow.search.config import PaperController, Policy, Space
from nasflow.search.record import Episode
from nasflow.search.spaces.path.walk import Walk
from nasflow.spec.tree import Tree

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


def likelihood(parameters: Parameters, start: Tree, space: Space, episodes: Sequence[Episode]) -> Likelihood:
    """Replay `episodes`; raise InvalidSpec if one's decisions are not an episode from `start`."""
    table = Table()
    asked: list[Asked] = []
    for number, episode in enumerate(episodes):
        asked += _replay(number, start, space, episode, table)
    encoding = Encoding(parameters)
    encoding.extend(table)
    chosen = torch.tensor([choice for episode in episodes for choice in episode.decisions])
    owners = torch.tensor([each.walk for each in asked])
    likely = torch.zeros(len(episodes), dtype=encoding.up[0].dtype)
    entropies = torch.zeros_like(likely)
    for part in by_head(asked):
        logs = log_probabilities(parameters, part.head, encoding.known(part.places), part.legal)
        taken = logs.gather(1, chosen[part.numbers].unsqueeze(1)).squeeze(1)
        likely = likely.index_add(0, owners[part.numbers], taken)
        entropies = entropies.index_add(0, owners[part.numbers], entropy(logs))
    return Likelihood(likely, entropies, len(asked))


def _replay(number: int, start: Tree, space: Space, episode: Episode, table: Table) -> list[Asked]:
    walk = Walk(start, space)
    asked = []
    for choice in episode.decisions:
        if walk.question:
            asked.append(ask(number, walk, table))
        walk.answer(choice)
    if walk.question or walk.tree() != episode.cell:
        raise InvalidSpec(f"the decisions of episode {number + 1} do not build its cell {episode.cell}")
    return asked


def learn(
    state: PolicyState,
    spec: Policy,
    batch: Batch,
    episodes: Sequence[Episode],
    rewards: Sequence[float | None],
) -> tuple[PolicyState, dict[str, float]]:
    """The state after one step on some episodes of `batch`, and figures of the step."""
    trained = [reward for reward in rewards if reward is not None]
    baseline = state.baseline.moved(trained, spec.baseline_decay) if trained else state.baseline
    parameters = {name: value.clone().requires_grad_() for name, value in state.parameters.items()}
    seen = likelihood(parameters, batch.start, batch.space, episodes)
    advantages = torch.tensor(_advantages(spec, baseline, episodes, rewards), dtype=seen.entropies.dtype)
    entropies = seen.entropies / _lengths(episodes) if isinstance(spec, PaperController) else seen.entropies
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


def _lengths(episodes: Sequence[Episode]) -> Tensor:
    """[episodes], the number of each one's decisions, 1 at least."""
    return torch.tensor([max(1, len(episode.decisions)) for episode in episodes])


def _advantages(
    spec: Policy, baseline: Baseline, episodes: Sequence[Episode], rewards: Sequence[float | None]
) -> list[float]:
    found = baseline.advantages(rewards)
    if isinstance(spec, PaperController):
        return [each * baseline.deviation for each in found]
    from_outside = [episode.tries > POLICY_TRIES for episode in episodes]
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
