"""The figures of a round that every controller reports."""

from collections.abc import Sequence
from statistics import fmean

from nasflow.controllers.protocol import Lesson


def summarise(lessons: Sequence[Lesson]) -> dict[str, float]:
    """`mean_reward` over the children that did not fail, `mean_tries` over all; each only if it has any."""
    rewards = [lesson.reward for lesson in lessons if lesson.reward is not None]
    figures = {"mean_reward": fmean(rewards)} if rewards else {}
    if lessons:
        figures["mean_tries"] = fmean(lesson.tries for lesson in lessons)
    return figures
