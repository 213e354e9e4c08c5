"""Every step that a pod can do, told once: components, pipelines and pods look it up here."""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

Id = Literal["search", "child", "number", "worker", "comparison"]
"""What a step can be told: ids of a search, of a child, of a comparison; the number of a run, of a worker."""

PodKind = Literal["light", "patient", "waiting", "train"]
"""What a step's pod is like.

A light one trains nothing. A patient one is light too, with time to wait for a server that is away, because
nothing comes after it. A waiting one does next to nothing, for as long as a search takes. One that trains, or
tests what was trained, holds the accelerator.
"""


@dataclass(frozen=True)
class _Row:
    title: str
    """As Kubeflow and people see it."""
    arguments: tuple[Id, ...]
    pod: PodKind


class Step(_Row, Enum):
    """A row a step."""

    PROPOSE = "propose", ("search",), "light"
    WARM_START = "warm-start", ("search", "child"), "light"
    TRAIN = "train", ("search", "child"), "train"
    EVALUATE = "evaluate", ("search", "child"), "light"
    CHILD = "child", ("search", "child"), "train"
    WORK = "work", ("search", "worker"), "train"
    UPDATE = "update", ("search",), "light"
    SELECT = "select", ("search",), "light"
    RETRAIN = "retrain", ("search", "child"), "train"
    EVALUATE_ON_TEST = "evaluate-on-test", ("search",), "train"
    REGISTER_AND_REPORT = "register-and-report", ("search",), "light"
    ADVANCE = "advance", ("search", "number"), "patient"
    SEARCH = "search", ("search",), "waiting"
    COMPARE = "compare", ("comparison",), "light"

    @property
    def function(self) -> str:
        """As Python sees it: its component's folder, and the method of `Pod` that does it."""
        return self.title.replace("-", "_")
