"""A search without training: is a controller worth its name? Seconds instead of GPU-days."""

from nasflow.rehearsal.arms import ARMS, rewards
from nasflow.rehearsal.result import WINDOW, Result, conclude, curve
from nasflow.rehearsal.run import Trial, rehearse

__all__ = ["ARMS", "WINDOW", "Result", "Trial", "conclude", "curve", "rehearse", "rewards"]
