"""Who is told how far a training is."""

from collections.abc import Callable

Progress = Callable[[float], None]
"""Told the share of a child's training that is done, 0..1."""


def unseen(share: float) -> None:
    """The progress of a training that nobody looks at."""
