"""A search without training: is a controller worth its name? Seconds instead of GPU-days."""

from nasflow.studies.rehearsal.arms import ARMS, Formula, Rewarding, rewards
from nasflow.studies.rehearsal.kept import KeptTrial, read_trial
from nasflow.studies.rehearsal.replay import Replay
from nasflow.studies.rehearsal.result import WINDOW, Result, curve, sum_up
from nasflow.studies.rehearsal.run import Trial, rehearse

__all__ = [
    "ARMS",
    "WINDOW",
    "Formula",
    "KeptTrial",
    "Replay",
    "Result",
    "Rewarding",
    "Trial",
    "curve",
    "read_trial",
    "rehearse",
    "rewards",
    "sum_up",
]
