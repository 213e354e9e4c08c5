"""The figures of a round that every controller reports."""

from collections.abc import Sequence
from statistics import fmean

from nasflow.search.record import Episode


def summarise(episodes: Sequence[Episode], rewards: Sequence[float | None]) -> dict[str, float]:
    """`mean_reward` over the children that did not fail, `mean_tries` over all; each only if it has any."""
    trained = [reward for reward in rewards if reward is not None]
    figures = {"mean_reward": fmean(trained)} if trained else {}
    if episodes:
        figures["mean_tries"] = fmean(episode.tries for episode in episodes)
    return figures
